"""What is taken out of the window: pictures of its panels, on paper of any size and in any theme."""
