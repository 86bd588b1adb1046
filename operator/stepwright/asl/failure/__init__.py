"""What can fail, in AWS's words, and which Retry and Catch apply to it."""
