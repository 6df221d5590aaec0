package mapped

import (
	"testing"

	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }
