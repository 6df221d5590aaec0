package sys

// What one process may learn of another, or do to itself: kcmp, Landlock,
// io_uring, robust lists.

import "golang.org/x/sys/unix"

// KcmpFile is the question of kcmp(2) whether two descriptors are one open file.
const KcmpFile = 0

// SameFile says whether a descriptor of one process and one of another are the
// same open file description.
func SameFile(pid1, fd1, pid2, fd2 int) (bool, error) {
	order, errno := kcmp(pid1, pid2, KcmpFile, uintptr(fd1), uintptr(fd2))
	return order == 0 && errno == 0, named("kcmp", errno)
}

// LandlockABI is the version of Landlock, from 1. ENOSYS: not built in;
// EOPNOTSUPP: not switched on at boot.
func LandlockABI() (int, error) {
	version, errno := landlockVersion()
	return int(version), named("landlock_create_ruleset", errno)
}

// IoUringSetup makes an io_uring of that many entries with no options, and gives
// its descriptor and what the kernel can do (IORING_FEAT_…).
func IoUringSetup(entries uint32) (fd int, features uint32, err error) {
	var params [30]uint32 // struct io_uring_params: 120 bytes, features at 20
	fd, err = descriptor("io_uring_setup", func() (uintptr, unix.Errno) { return ioUringSetup(entries, &params) })
	return fd, params[5], err
}

// RobustListHead is struct robust_list_head of linux/futex.h. It must lie in
// memory that stays where it is for as long as the thread lives.
type RobustListHead struct {
	List    uintptr // the first entry; the address of the head itself when empty
	Offset  int64   // from an entry to its futex word
	Pending uintptr // the entry that is just being locked or unlocked
}

// SetRobustList gives the calling thread (lock it) a list of locks that the
// kernel marks FUTEX_OWNER_DIED when the thread ends; 0 takes it away.
func SetRobustList(head uintptr) error {
	return named("set_robust_list", setRobustList(head))
}

// GetRobustList is the head that a thread has set; 0 stands for the caller.
func GetRobustList(tid int) (uintptr, error) {
	head, errno := getRobustList(tid)
	return head, named("get_robust_list", errno)
}
