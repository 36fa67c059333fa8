"""What commands share: settings from the environment, ids of jobs from arguments, and how a command ends."""
