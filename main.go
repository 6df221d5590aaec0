// Command ipctour is a tour of inter-process communication in a terminal.
package main

func main() {}
