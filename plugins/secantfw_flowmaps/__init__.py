"""Other people's objectives for the same network: flow maps, learnt by public names only."""
