"""What a child process may do, taken away by the kernel; and how much the machine gives us. Knows no picture."""
