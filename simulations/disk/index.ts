export { DISK_BYTES_MAX, SimDisk, emptyBatch, isEmptyBatch, sizeOfEntries } from './sim-disk.ts'
export type { CutOutcome, DiskBatch, DiskEntry, DiskImage } from './sim-disk.ts'
