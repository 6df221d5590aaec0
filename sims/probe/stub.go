package probe

func describe(*Call, func(uint64, int) []byte) string { return "" }
func fillsIn(int) bool                                { return false }
