package mapped

// A small store in one mapped file, in the manner of LMDB: pages are copied and
// never changed, two meta pages say which version counts, and the readers' page
// says which versions are still looked at.
//
//	page 0, 1   meta pages: transaction, root, free pages, checksum. The newer valid one counts
//	page 2      the readers' page: a line for each, process id and transaction
//	page 3 …    a root, which leads to a leaf for each account; leaves; free pages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

const (
	storePages = 16
	tablePage  = 2
	firstData  = 3
	accounts   = 4
	slots      = 4   // lines in the readers' page
	opening    = 100 // in every account at the beginning
	amount     = 10  // that a commit moves from one account to the next
	perCommit  = 3   // pages that a commit writes: two leaves and a root
)

var owners = [accounts]string{"ann", "ben", "cal", "dan"}

// Words of a meta page. An entry of the free pages is the page's number in the
// upper 16 bits, and below it the transaction since which it is no longer in use.
const (
	metaMagic = iota
	metaTxn
	metaRoot
	metaFree // how many entries follow
	metaEntries
	metaSum   = metaEntries + storePages - firstData // the checksum of all the words before it
	metaWords = metaSum + 1

	magic     = 0x312d65726f7473 // "store-1"
	entryPage = 48
	entryTxn  = 1<<entryPage - 1
)

// Words of a root and of a leaf.
const (
	nodeKind = iota
	nodeTxn
	nodeFirst // of a root: the leaf of the first account; of a leaf: whose it is
	leafValue
	nodeWords = nodeFirst + accounts

	kindRoot = 1
	kindLeaf = 2
)

// Words of a line in the readers' page.
const (
	slotPID = iota // 0: free
	slotTxn        // 0: not reading
	slotWords

	clearing = 1 << 63 // with the pid of whoever empties the line of a dead one
)

var (
	errFull    = errors.New("no page is left that no reader needs")
	errNoMeta  = errors.New("neither meta page is valid")
	errNoSlot  = errors.New("the readers' page has no free line")
	errWriting = errors.New("the store has a writer already")
)

// store is the file as one process has it mapped.
type store struct {
	fd    int
	file  []byte // all pages; a reader may not store to them
	table words  // the readers' page, which a reader may store to
	raw   []byte // the mapping behind table
	slot  int    // our line in it, or -1
}

// storeImage is the file before the first commit: transaction 1, and the same in
// every account.
func storeImage(page int) []byte {
	b := make([]byte, storePages*page)
	set := func(p, word int, v uint64) { binary.NativeEndian.PutUint64(b[p*page+8*word:], v) }
	root := firstData
	set(root, nodeKind, kindRoot)
	set(root, nodeTxn, 1)
	for i := range accounts {
		leaf := root + 1 + i
		set(root, nodeFirst+i, uint64(leaf))
		set(leaf, nodeKind, kindLeaf)
		set(leaf, nodeTxn, 1)
		set(leaf, nodeFirst, uint64(i))
		set(leaf, leafValue, opening)
	}
	m := meta{txn: 1, root: uint64(root)}
	for p := root + 1 + accounts; p < storePages; p++ {
		m.free = append(m.free, freePage{page: uint64(p)})
	}
	for i, w := range m.words() {
		set(1, i, w) // 1 mod 2
	}
	m.txn = 0 // the other is whole as well, and older
	for i, w := range m.words() {
		set(0, i, w)
	}
	return b
}

// openStore maps the file. There is at most one writer: it holds a lock on the file
// for as long as it lives (flock(2)). Readers take none.
func openStore(path string, write bool) (*store, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	s := &store{fd: fd, slot: -1}
	page, prot := unix.Getpagesize(), unix.PROT_READ
	if write {
		prot |= unix.PROT_WRITE
		if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
			s.close()
			return nil, fmt.Errorf("%w: flock: %w", errWriting, err)
		}
	}
	if s.file, err = unix.Mmap(fd, 0, storePages*page, prot, unix.MAP_SHARED); err == nil {
		s.raw, err = unix.Mmap(fd, int64(tablePage*page), page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("mmap: %w", err)
	}
	s.table = wordsOf(s.raw)
	return s, nil
}

// close leaves the readers' page and the file.
func (s *store) close() {
	if s.slot >= 0 {
		s.end()
		s.line(s.slot)[slotPID].Store(0)
	}
	for _, b := range [][]byte{s.file, s.raw} {
		if b != nil {
			_ = unix.Munmap(b) // it was mapped by openStore
		}
	}
	unix.Close(s.fd)
}

func (s *store) page(n uint64) words {
	size := len(s.file) / storePages
	return wordsOf(s.file[int(n)*size : (int(n)+1)*size])
}

func (s *store) line(i int) words { return s.table[i*slotWords : (i+1)*slotWords] }

// meta is what a meta page says.
type meta struct {
	txn, root uint64
	free      []freePage
}

// freePage is a page that is in no version from transaction at on.
type freePage struct{ page, at uint64 }

// words are the meta page's words, with the checksum.
func (m *meta) words() [metaWords]uint64 {
	var w [metaWords]uint64
	w[metaMagic], w[metaTxn], w[metaRoot], w[metaFree] = magic, m.txn, m.root, uint64(len(m.free))
	for i, f := range m.free {
		w[metaEntries+i] = f.page<<entryPage | f.at&entryTxn
	}
	w[metaSum] = checksum(w)
	return w
}

// checksum is over all words before the last (in the manner of FNV-1a).
func checksum(w [metaWords]uint64) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range w[:metaSum] {
		h = (h ^ v) * 1099511628211
		h ^= h >> 32
	}
	return h
}

// decodeMeta reads a meta page's words; ok is false for one that is not whole.
func decodeMeta(w [metaWords]uint64) (m meta, ok bool) {
	m = meta{txn: w[metaTxn], root: w[metaRoot]}
	if w[metaMagic] != magic || w[metaSum] != checksum(w) || w[metaFree] > storePages-firstData || m.root < firstData || m.root >= storePages {
		return m, false
	}
	for _, e := range w[metaEntries : metaEntries+w[metaFree]] {
		m.free = append(m.free, freePage{e >> entryPage, e & entryTxn})
	}
	return m, true
}

// newest is the newer of the valid meta pages. Torn counts those that are not valid:
// a writer is in the midst of one, or died there.
func (s *store) newest() (best meta, torn int, err error) {
	for range 1000 { // both may be caught in the midst, one after the other, by a quick writer
		torn, best = 0, meta{}
		for i := range uint64(2) {
			var w [metaWords]uint64
			for j, p := 0, s.page(i); j < metaWords; j++ {
				w[j] = p[j].Load()
			}
			m, ok := decodeMeta(w)
			if !ok {
				torn++
			} else if m.txn > best.txn {
				best = m
			}
		}
		if torn < 2 {
			return best, torn, nil
		}
	}
	return best, torn, errNoMeta
}

// enter takes a line in the readers' page, once for the life of a reader.
func (s *store) enter() error {
	for range 2 {
		for i := range slots {
			if s.line(i)[slotPID].CompareAndSwap(0, uint64(os.Getpid())) {
				s.slot = i
				return nil
			}
		}
		s.clearStale()
	}
	return errNoSlot
}

// clearStale empties the lines of readers that are dead: kill(2) with signal 0 gives
// ESRCH. A pid that somebody else has now counts as alive, which does no harm: pages
// are merely kept for longer.
func (s *store) clearStale() (cleared int) {
	for i := range slots {
		line := s.line(i)
		pid := line[slotPID].Load()
		if pid == 0 || unix.Kill(int(pid&^clearing), 0) != unix.ESRCH {
			continue // free, or its reader lives, or whoever is emptying it
		}
		if line[slotPID].CompareAndSwap(pid, clearing|uint64(os.Getpid())) {
			line[slotTxn].Store(0)
			line[slotPID].Store(0)
			cleared++
		}
	}
	return cleared
}

// snapshot is one version of the store, which stays as it is until end.
type snapshot struct {
	s    *store
	txn  uint64
	root uint64
	torn int // meta pages that were passed over, because they were not whole
}

// begin takes the newest version. It waits for nobody: it writes into its line which
// version it reads, and looks whether that was still the newest by then.
func (s *store) begin() (snapshot, error) {
	for {
		m, torn, err := s.newest()
		if err != nil {
			return snapshot{}, err
		}
		s.line(s.slot)[slotTxn].Store(m.txn)
		again, _, err := s.newest()
		if err != nil {
			return snapshot{}, err
		}
		if again.txn == m.txn {
			return snapshot{s, m.txn, m.root, torn}, nil
		}
	}
}

// end gives the version up.
func (s *store) end() { s.line(s.slot)[slotTxn].Store(0) }

// read follows the root to every leaf. An error says what does not fit together.
func (sn snapshot) read() (values [accounts]int64, err error) {
	root := sn.s.page(sn.root)
	if k, t := root[nodeKind].Load(), root[nodeTxn].Load(); k != kindRoot || t > sn.txn {
		return values, fmt.Errorf("txn %d: page %d is no root of it (kind %d, txn %d)", sn.txn, sn.root, k, t)
	}
	for i := range values {
		n := root[nodeFirst+i].Load()
		if n < firstData || n >= storePages {
			return values, fmt.Errorf("txn %d: the root leads to page %d", sn.txn, n)
		}
		leaf := sn.s.page(n)
		if leaf[nodeKind].Load() != kindLeaf || leaf[nodeFirst].Load() != uint64(i) || leaf[nodeTxn].Load() > sn.txn {
			return values, fmt.Errorf("txn %d: page %d is no leaf of %s of it", sn.txn, n, owners[i])
		}
		values[i] = int64(leaf[leafValue].Load())
	}
	if total(values) != accounts*opening {
		return values, fmt.Errorf("txn %d: the accounts hold %d together, not %d", sn.txn, total(values), accounts*opening)
	}
	return values, nil
}

func total(values [accounts]int64) (n int64) {
	for _, v := range values {
		n += v
	}
	return n
}

// transfer is a commit being made. Its methods are to be called in their order.
type transfer struct {
	s      *store
	next   meta // as the new meta page will be
	leaves [accounts]uint64
	oldest uint64 // the oldest version that somebody may look at
	stale  int    // lines of dead readers that were emptied
}

// change begins the commit after the newest. errFull: readers need the pages that
// it would take. Nothing has been written then.
func (s *store) change() (*transfer, error) {
	m, _, err := s.newest()
	if err != nil {
		return nil, err
	}
	t := &transfer{s: s, next: m, stale: s.clearStale(), oldest: m.txn}
	for i := range slots {
		if txn := s.line(i)[slotTxn].Load(); txn != 0 {
			t.oldest = min(t.oldest, txn)
		}
	}
	for i := range t.leaves {
		t.leaves[i] = s.page(m.root)[nodeFirst+i].Load()
	}
	t.next.txn++
	if t.usable() < perCommit {
		return t, errFull
	}
	return t, nil
}

// parties are the accounts that this commit takes from and gives to.
func (t *transfer) parties() (from, to int) {
	from = int(t.next.txn % accounts)
	return from, (from + 1) % accounts
}

// usable counts the free pages that are in no version that anybody may look at.
func (t *transfer) usable() (n int) {
	for _, f := range t.next.free {
		if f.at <= t.oldest {
			n++
		}
	}
	return n
}

// take gives the first page that may be written over.
func (t *transfer) take() uint64 {
	i := slices.IndexFunc(t.next.free, func(f freePage) bool { return f.at <= t.oldest })
	page := t.next.free[i].page
	t.next.free = slices.Delete(slices.Clone(t.next.free), i, i+1)
	return page
}

// drop notes that a page is in no version from this one on.
func (t *transfer) drop(page uint64) {
	t.next.free = append(t.next.free, freePage{page, t.next.txn})
	slices.SortFunc(t.next.free, func(a, b freePage) int { return int(a.page) - int(b.page) })
}

// putLeaf writes a changed copy of an account's leaf. The old one stays as it is.
func (t *transfer) putLeaf(account int, by int64) {
	old, n := t.leaves[account], t.take()
	p := t.s.page(n)
	p[nodeKind].Store(kindLeaf)
	p[nodeTxn].Store(t.next.txn)
	p[nodeFirst].Store(uint64(account))
	p[leafValue].Store(uint64(int64(t.s.page(old)[leafValue].Load()) + by))
	t.leaves[account] = n
	t.drop(old)
}

// putRoot writes a root that leads to the new leaves and to the old others.
func (t *transfer) putRoot() {
	old, n := t.next.root, t.take()
	p := t.s.page(n)
	p[nodeKind].Store(kindRoot)
	p[nodeTxn].Store(t.next.txn)
	for i, leaf := range t.leaves {
		p[nodeFirst+i].Store(leaf)
	}
	t.next.root = n
	t.drop(old)
}

// syncPages has the new pages on the disk before the meta page that leads to them.
// Only a machine that crashes can tell the difference.
func (t *transfer) syncPages() error { return t.sync(firstData, storePages) }

// fillMeta writes the older of the two meta pages, all but its checksum.
func (t *transfer) fillMeta() {
	w := t.next.words()
	for i, p := 0, t.s.page(t.next.txn%2); i < metaSum; i++ {
		p[i].Store(w[i])
	}
}

// seal is the commit: one store.
func (t *transfer) seal() {
	w := t.next.words()
	t.s.page(t.next.txn % 2)[metaSum].Store(w[metaSum])
}

func (t *transfer) syncMeta() error {
	slot := int(t.next.txn % 2)
	return t.sync(slot, slot+1)
}

func (t *transfer) sync(from, to int) error {
	size := len(t.s.file) / storePages
	return os.NewSyscallError("msync", unix.Msync(t.s.file[from*size:to*size], unix.MS_SYNC))
}
