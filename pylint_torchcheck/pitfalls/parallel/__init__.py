"""Several devices, several processes: DataParallel, DDP, FSDP, and how they are launched."""
