"""Methods that combine earlier evaluations, so that a step costs one."""
