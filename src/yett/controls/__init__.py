"""What a user may write in the plan about each control, one file a control; how it is decided is in the engine."""
