"""What every request of staff passes: who asks, what is asked, a thread for the answer, and its documentation."""
