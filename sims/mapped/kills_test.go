//go:build !race

package mapped

// kills is how many writers TestKilledWriters kills.
const kills = 300
