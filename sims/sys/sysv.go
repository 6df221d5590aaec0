package sys

// System V queues and semaphores, sysvipc(7). Shared memory is in x/sys/unix.

// MsgGet makes or finds a queue. unix.IPC_PRIVATE as key: a new one.
func MsgGet(key, flags int) (int, error) {
	id, errno := msgget(key, flags)
	return int(id), named("msgget", errno)
}

// MsgRemove removes a queue: those who wait in it get EIDRM.
func MsgRemove(id int) error { return named("msgctl(IPC_RMID)", msgRemove(id)) }

// SemGet makes or finds a set of n semaphores.
func SemGet(key, n, flags int) (int, error) {
	id, errno := semget(key, n, flags)
	return int(id), named("semget", errno)
}

// SemRemove removes a set of semaphores: those who wait for it get EIDRM.
func SemRemove(id int) error { return named("semctl(IPC_RMID)", semRemove(id)) }
