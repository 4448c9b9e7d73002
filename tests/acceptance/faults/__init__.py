"""What happens when something breaks: one test for each row of docs/reliability.md that no other test proves."""
