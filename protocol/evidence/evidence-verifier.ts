import { decodeGenesis } from '../authority/index.ts'
import { commitMessage, decodeHeader } from '../commit/index.ts'
import type { Header, HeaderRefusal } from '../commit/index.ts'
import { equalBytes } from '../encoding/index.ts'
import type { Sha256, SignatureRule } from '../identity/index.ts'
import { cborLink, equalLinks, linkText } from './block-link.ts'
import type { BlockLink } from './block-link.ts'
import { CarReader } from './car-reader.ts'
import type { CarRefusal } from './car-reader.ts'
import { ChainCheck } from './chain-check.ts'
import type { ChainRefusal, Fork } from './chain-check.ts'
import { decodeIndex, payloadCodec } from './evidence-index.ts'
import type { IndexRow } from './evidence-index.ts'
import { INDEX_ROWS_MAX } from './limits.ts'
import { decodeManifest } from './manifest.ts'
import type { EvidenceScope, Manifest, ManifestRefusal } from './manifest.ts'

/** Why a file is no good evidence. */
export type EvidenceRefusal =
  | CarRefusal
  | ManifestRefusal
  | HeaderRefusal
  | ChainRefusal
  | 'truncated'
  | 'block-hash'
  | 'block-order'
  | 'genesis'
  | 'index-shape'
  | 'other-coop'
  | 'payload-count'
  | 'payload-link'
  | 'payload-length'
  | 'payload-codec'
  | 'signature-end'

/** What a file holds, once everything in it was found good. */
export interface EvidenceReport extends EvidenceScope {
  /** Root of the file: who has its text can name the file for ever. */
  root: string
  /** Co-op id, 32 bytes, and its name in the genesis record. */
  coop: Uint8Array
  name: string
  /** Devices with a commit in the file. */
  devices: number
  commits: number
  /** Commits with a good signature of their own; the others are covered by a later one of their chain. */
  signed: number
  covered: number
  /** The longest stretch of such commits along a branch. A signature proves all of it, however long. */
  longestUnsigned: number
  payloads: number
  payloadBytes: number
  /** Sections whose payload is not in the file. */
  payloadsLeftOut: number
  /** Heads that commits of the file acknowledge and the file does not hold. */
  acknowledgedElsewhere: number
  /** Devices that signed two histories: the first 64, and how many there are. */
  forks: readonly Fork[]
  forkCount: number
}

/** The outcome for a whole file; `block` counts from 0 and names the one that was looked at. */
export type EvidenceResult =
  | { ok: true; report: EvidenceReport }
  | { ok: false; refusal: EvidenceRefusal; block: number; detail: string }

/** What the file must bring next. */
type Step =
  | { kind: 'manifest' }
  | { kind: 'genesis'; link: BlockLink }
  | { kind: 'index'; link: BlockLink }
  | { kind: 'header'; link: BlockLink; row: IndexRow }
  | { kind: 'payload'; link: BlockLink; length: number }
  | { kind: 'end' }

/**
 * Checks an evidence file (docs/protocol/evidence.md) piece by piece, as it is read. The order of its blocks is
 * fixed, so at each moment one certain block is due, and anything else is refused.
 */
export class EvidenceVerifier {
  readonly #sha256: Sha256
  readonly #rule: SignatureRule
  readonly #car = new CarReader()
  readonly #chains = new ChainCheck()
  #manifest: Manifest | null = null
  #name = ''
  #step: Step = { kind: 'manifest' }
  /** Rows of the current index block that are still to come, and payloads of the current commit; the next one last. */
  #rows: IndexRow[] = []
  #payloads: { link: BlockLink; length: number }[] = []
  #indexAt = 0
  #blocks = 0
  #counts = { payloads: 0, payloadBytes: 0, payloadsLeftOut: 0 }
  #refused: EvidenceResult | null = null

  constructor(tools: { sha256: Sha256; rule: SignatureRule }) {
    this.#sha256 = tools.sha256
    this.#rule = tools.rule
  }

  /** Takes the next piece of the file. False once something was refused: `finish` says what. */
  push(chunk: Uint8Array): boolean {
    if (this.#refused !== null) return false
    const result = this.#car.push(chunk)
    if (!result.ok) return this.#refuse(result.refusal, 'the file is no CARv1 file with one root')
    for (const { link, bytes } of result.blocks) {
      if (!this.#take(link, bytes)) return false
      this.#blocks += 1
    }
    return true
  }

  /** The verdict on the file, after its last piece. */
  finish(): EvidenceResult {
    if (this.#refused !== null) return this.#refused
    if (this.#manifest === null || this.#step.kind !== 'end' || !this.#car.isAtBoundary)
      return this.#refusal('truncated', `the file ends before its ${this.#step.kind}`)
    const end = this.#chains.uncoveredEnd
    if (end === null) return { ok: true, report: this.#report(this.#manifest) }
    return this.#refusal('signature-end', `no good signature covers ${linkText(cborLink(end))}`)
  }

  #report(manifest: Manifest): EvidenceReport {
    const { coop, document, device } = manifest
    const { commits, devices, signed, longestUnsigned } = this.#chains
    const { acknowledgedElsewhere, forks, forkCount } = this.#chains
    return {
      root: this.#car.root === null ? '' : linkText(this.#car.root),
      ...{ coop, name: this.#name, document, device, devices },
      ...{ commits, signed, covered: commits - signed, longestUnsigned },
      ...this.#counts,
      ...{ acknowledgedElsewhere, forks, forkCount },
    }
  }

  #refusal(refusal: EvidenceRefusal, detail: string): EvidenceResult {
    return { ok: false, refusal, block: this.#blocks, detail }
  }

  #refuse(refusal: EvidenceRefusal, detail: string): false {
    this.#refused = this.#refusal(refusal, detail)
    return false
  }

  #take(link: BlockLink, bytes: Uint8Array): boolean {
    const step = this.#step
    const due = step.kind === 'manifest' ? this.#car.root : step.kind === 'end' ? null : step.link
    if (due === null || !equalLinks(due, link)) {
      const wanted = due === null ? 'no block' : linkText(due)
      return this.#refuse('block-order', `${wanted} is due (${step.kind}), not ${linkText(link)}`)
    }
    if (!equalBytes(this.#sha256(bytes), link.digest))
      return this.#refuse('block-hash', `the bytes of this ${step.kind} are not those of ${linkText(link)}`)
    switch (step.kind) {
      case 'manifest':
        return this.#takeManifest(bytes)
      case 'genesis':
        return this.#takeGenesis(bytes)
      case 'index':
        return this.#takeIndex(bytes)
      case 'header':
        return this.#takeHeader(bytes, step.row)
      case 'payload':
        return this.#takePayload(bytes, step)
      case 'end':
        return false
    }
  }

  #takeManifest(bytes: Uint8Array): boolean {
    const result = decodeManifest(bytes)
    if (!result.ok) return this.#refuse(result.refusal, 'the root block is no manifest of ours')
    this.#manifest = result.manifest
    this.#step = { kind: 'genesis', link: cborLink(result.manifest.coop) }
    return true
  }

  #takeGenesis(bytes: Uint8Array): boolean {
    const genesis = decodeGenesis(bytes)
    if (genesis === null) return this.#refuse('genesis', 'the genesis record cannot be read')
    this.#name = genesis.name
    this.#next()
    return true
  }

  #takeIndex(bytes: Uint8Array): boolean {
    const rows = decodeIndex(bytes)
    const { commits = 0 } = this.#manifest ?? {}
    const wanted = Math.min(INDEX_ROWS_MAX, commits - this.#indexAt * INDEX_ROWS_MAX)
    if (rows?.length !== wanted) return this.#refuse('index-shape', `an index of ${wanted} commits is due`)
    this.#indexAt += 1
    this.#rows = rows.reverse()
    this.#next()
    return true
  }

  #takeHeader(bytes: Uint8Array, row: IndexRow): boolean {
    const result = decodeHeader(bytes)
    if (!result.ok) return this.#refuse(result.refusal, 'the header cannot be read')
    const { header } = result
    if (this.#manifest === null || !equalBytes(header.coop, this.#manifest.coop))
      return this.#refuse('other-coop', 'the commit belongs to another co-op')
    if (!this.#planPayloads(header, row)) return false
    const isSigned = this.#rule.verify(header.device, commitMessage(row.id), row.signature)
    const refusal = this.#chains.add(row.id, header, isSigned)
    if (refusal !== null) return this.#refuse(refusal, `commit ${header.seq} of its device: ${WHY[refusal]}`)
    this.#next()
    return true
  }

  #planPayloads(header: Header, row: IndexRow): boolean {
    if (row.payloads.length !== header.sections.length)
      return this.#refuse('payload-count', 'the index names another number of payloads than the header')
    for (const [i, section] of header.sections.entries()) {
      const link = row.payloads[i] ?? null
      if (link === null) this.#counts.payloadsLeftOut += 1
      else if (!equalBytes(link.digest, section.hash))
        return this.#refuse('payload-link', 'the index links another payload than the header names')
      else this.#payloads.push({ link, length: section.length })
    }
    this.#payloads.reverse()
    return true
  }

  #takePayload(bytes: Uint8Array, due: { link: BlockLink; length: number }): boolean {
    if (bytes.length !== due.length)
      return this.#refuse('payload-length', `${bytes.length} bytes, but the header says ${due.length}`)
    if (payloadCodec(bytes) !== due.link.codec)
      return this.#refuse('payload-codec', 'the CID says of its form what is not so')
    this.#counts.payloads += 1
    this.#counts.payloadBytes += bytes.length
    this.#next()
    return true
  }

  /** Works out what is due behind a genesis, index, header or payload. */
  #next(): void {
    const payload = this.#payloads.pop()
    if (payload !== undefined) {
      this.#step = { kind: 'payload', ...payload }
      return
    }
    const row = this.#rows.pop()
    if (row !== undefined) {
      this.#step = { kind: 'header', link: cborLink(row.id), row }
      return
    }
    const link = this.#manifest?.indexes[this.#indexAt]
    this.#step = link === undefined ? { kind: 'end' } : { kind: 'index', link }
  }
}

const WHY: Record<ChainRefusal, string> = {
  'commit-twice': 'it is in the file already',
  'chain-link': 'the one before it is not in the file, or of another device',
  'commit-order': 'a commit that acknowledges it stands before it',
}
