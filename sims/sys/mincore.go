package sys

// Resident says which pages of a mapping the kernel has in memory (mincore(2)):
// one entry a page. For a file that the caller could not write to, the kernel
// says that all are.
func Resident(mapping []byte, page int) ([]bool, error) {
	if len(mapping) == 0 || page <= 0 {
		return nil, nil
	}
	vec := make([]byte, (len(mapping)+page-1)/page)
	if err := named("mincore", mincore(mapping, vec)); err != nil {
		return nil, err
	}
	in := make([]bool, len(vec))
	for i, v := range vec {
		in[i] = v&1 != 0 // the other bits mean nothing
	}
	return in, nil
}
