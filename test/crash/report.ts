/** One commit as it lay on the disk or was acknowledged; everything in hex. */
export interface SeenCommit {
  device: string
  seq: number
  id: string
  /** SHA-256 of the record's bytes. */
  hash: string
}

/** What a device under test tells, one JSON line each. */
export type ReportLine =
  /** The folder was opened. */
  | { t: 'opened'; openMs: number }
  /** Found on the disk. */
  | ({ t: 'found' } & SeenCommit)
  | { t: 'found-asset'; cid: string }
  /** Something that the store says is not as it was written. */
  | { t: 'finding'; code: string; severity: string }
  /** All that is on the disk was told. `note` is the content of the note, null when there is none. */
  | { t: 'checked'; note: string | null }
  /** Acknowledged to its caller, or told to others: it must outlive everything from now on. */
  | ({ t: 'kept' } & SeenCommit)
  | { t: 'kept-asset'; cid: string }
  | { t: 'kept-note'; note: string }
  /** The device found something wrong itself. */
  | { t: 'fault'; text: string }
  /** All that was asked for is done. */
  | { t: 'done' }

/** The lines in `text`; a last one without its end is what a kill cut off, and is left out. */
export function reportLines(text: string): ReportLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ReportLine)
}
