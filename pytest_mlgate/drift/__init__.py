"""What the drift kinds share: what a gate may write, how columns are compared, how claims are decided and explained."""
