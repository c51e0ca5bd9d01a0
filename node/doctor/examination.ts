import type { Finding, FindingLog } from '#node/findings'

/** What a person asked the doctor for. */
export interface DoctorOptions {
  /** Repair what is not repaired by itself. */
  repair: boolean
  /** Read every byte of every asset; else sizes and a sample. */
  assets: boolean
}

/** Where long work stands. */
export interface DoctorProgress {
  /** What is being looked at. */
  path: string
  doneBytes: number
  totalBytes: number
}

/** How much was looked at. */
export interface DoctorCounts {
  commits: number
  signatures: number
  documents: number
  values: number
  assets: number
  /** Bytes of assets that were read and hashed. */
  assetBytes: number
}

/** `whole`: nothing was damaged. `repaired`: everything that was is whole again. `damaged`: something is not. */
export type Verdict = 'whole' | 'repaired' | 'damaged'

/** What the doctor found. */
export interface DoctorReport {
  verdict: Verdict
  /** True when a passphrase seals the device key; null when the folder could not be opened. */
  isKeySealed: boolean | null
  findings: Finding[]
  /** Findings beyond those that are kept. */
  omitted: number
  checked: DoctorCounts
}

/** One run of the doctor: what it may do, what it counted, and whom it tells. */
export class Examination {
  readonly options: DoctorOptions
  readonly findings: FindingLog
  readonly checked: DoctorCounts = {
    ...{ commits: 0, signatures: 0, documents: 0, values: 0, assets: 0, assetBytes: 0 },
  }
  readonly #onProgress: (progress: DoctorProgress) => void
  readonly #signal: AbortSignal

  constructor(parts: {
    options: DoctorOptions
    findings: FindingLog
    onProgress: (progress: DoctorProgress) => void
    signal: AbortSignal
  }) {
    this.options = parts.options
    this.findings = parts.findings
    this.#onProgress = parts.onProgress
    this.#signal = parts.signal
  }

  /** Tells how far a step is, and ends the work when nobody wants it any more. */
  progress(path: string, doneBytes: number, totalBytes: number): void {
    this.#signal.throwIfAborted()
    this.#onProgress({ path, doneBytes, totalBytes })
  }

  note(finding: Finding): void {
    this.findings.note(finding)
  }

  /** @param isKeySealed - how the device key lies on the disk, if that is known */
  report(isKeySealed: boolean | null): DoctorReport {
    const findings = this.findings.all()
    const { omitted } = this.findings
    return { verdict: verdictOf(findings), isKeySealed, findings, omitted, checked: this.checked }
  }
}

/** The verdict that findings make together. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some((it) => it.severity === 'pending' || it.severity === 'lost')) return 'damaged'
  return findings.some((it) => it.severity === 'repaired') ? 'repaired' : 'whole'
}
