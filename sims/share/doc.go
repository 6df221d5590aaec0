// Package share holds what two processes build in memory that both have mapped:
// locks and the like. Nothing in it knows of a lesson.
package share
