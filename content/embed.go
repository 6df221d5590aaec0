// Package content holds the words of the course: Markdown, one file a lesson,
// one opening page a chapter, and course.md with the order of both.
package content

import "embed"

// Files are the words as they lie in this folder: course.md,
// CHAPTER/chapter.md and CHAPTER/LESSON.md.
//
//go:embed *.md */*.md
var Files embed.FS
