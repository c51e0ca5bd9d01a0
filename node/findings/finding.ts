/**
 * How bad a finding is. `note`: nothing was lost and nothing has to be done. `repaired`: bytes were damaged and are
 * whole again. `pending`: they will be repaired when what is needed is there (a peer, `--repair`); until then they are
 * not used. `lost`: nothing here can bring them back.
 */
export type Severity = 'note' | 'repaired' | 'pending' | 'lost'

/** Something on the disk that is not as it was written, or not as it should be. */
export interface Finding {
  /** Stable name; docs/runbooks/damaged-disk.md explains each. */
  code: FindingCode
  /** The file, key or thing it was found at. */
  where: string
  severity: Severity
  /** What is the matter, as a sentence. */
  message: string
  /** What was done, will be done, or can be done. */
  action: string
}

/** Names of all findings. */
export type FindingCode =
  | 'store-rebuilt'
  | 'store-files'
  | 'store-value'
  | 'store-key'
  | 'end-mark'
  | 'saved-books'
  | 'log-index'
  | 'log-commit'
  | 'log-hole'
  | 'log-short'
  | 'own-chain'
  | 'log-link'
  | 'log-signature'
  | 'payload-missing'
  | 'document'
  | 'summary'
  | 'waiting'
  | 'board-copy'
  | 'coop-file'
  | 'setting'
  | 'folder-format'
  | 'folder-mode'
  | 'folder-stray'
  | 'api-token'
  | 'asset-entry'
  | 'asset-file'
  | 'asset-leaf'
  | 'asset-incomplete'
  | 'clock'
  | 'space'

/** Findings kept at once; more of one kind say nothing new. */
export const FINDINGS_MAX = 1_000

/** What was found since the folder was opened: told once a place, the newest state of it. */
export class FindingLog {
  readonly #findings = new Map<string, Finding>()
  /** Findings that did not fit. */
  omitted = 0

  /** Notes a finding; one of the same code and place is replaced. */
  note(finding: Finding): void {
    const key = `${finding.code} ${finding.where}`
    if (!this.#findings.has(key) && this.#findings.size >= FINDINGS_MAX) this.omitted += 1
    else this.#findings.set(key, finding)
  }

  /** Takes a finding back that turned out to be over. */
  drop(code: FindingCode, where: string): void {
    this.#findings.delete(`${code} ${where}`)
  }

  /** All findings, in the order in which they came. */
  all(): Finding[] {
    return [...this.#findings.values()]
  }
}
