import { AUTHORITY, AuthorityState, decodeGenesis } from '../authority/index.ts'
import { SEEN_MAX, commitMessage, sectionsRefusal, signCommit } from '../commit/index.ts'
import type { CommitRecord, Section, SeenHead } from '../commit/index.ts'
import { readEntries } from '../document/index.ts'
import type {
  CachedDocument,
  DocumentHost,
  DocumentRegistry,
  DocumentState,
  SectionContext,
} from '../document/index.ts'
import { compareBytes, equalBytes, toHex } from '../encoding/index.ts'
import { SignatureRule } from '../identity/index.ts'
import type { Crypto, Signer } from '../identity/index.ts'
import { Chain } from './chain.ts'
import type { Standing } from './chain.ts'
import { Heads } from './heads.ts'
import { judgeBatch } from './intake.ts'
import type { CommitRefusal, IntakeView } from './intake.ts'

/** Stored commits of one chain that may wait for something they acknowledge. A guess: a day of a busy till. */
export const WAITING_PER_CHAIN_MAX = 2_000

/** What a replica stands on. */
export interface ReplicaInit {
  /** Co-op id, 32 bytes. */
  coop: Uint8Array
  crypto: Crypto
  registry: DocumentRegistry
  /** Key of this device, or null on a replica that only reads. */
  signer: Signer | null
  /** Kept states of documents, if the host has any. */
  cached?: (document: string) => CachedDocument | null
}

/** A commit that the host must now write at this place of its log. */
export interface StoredCommit {
  /** Place in the log, from 0 without gaps. */
  order: number
  record: CommitRecord
}

/** What a batch did. */
export interface IntakeResult {
  stored: StoredCommit[]
  duplicates: number
  refused: { record: CommitRecord; refusal: CommitRefusal }[]
}

/** What a local write did. */
export type AuthorResult =
  | { ok: true; stored: StoredCommit[]; commit: CommitRecord }
  | { ok: false; refusal: string; detail: string }

/** A folded document. */
interface OpenDocument {
  state: DocumentState
  /** Commits with a section of this document that are folded here. */
  commits: number
  /** Of these, sections whose verdict was a refusal. */
  refused: number
}

/**
 * The whole of one device's knowledge: chains, roster and documents. Synchronous, without clock, disk or network: a
 * host gives it commits and time, and writes what it returns. Equal sets of commits give equal states in any order.
 */
export class Replica {
  readonly coop: Uint8Array
  readonly rule: SignatureRule
  readonly heads: Heads
  readonly authority: AuthorityState
  readonly #init: ReplicaInit
  readonly #host: DocumentHost
  readonly #chains = new Map<string, Chain>()
  readonly #byIndex: Chain[] = []
  readonly #documents = new Map<string, OpenDocument>()
  /** Chains that wait for a chain (by name) to fold further. */
  readonly #waiters = new Map<string, Set<Chain>>()
  readonly #view: IntakeView
  #logLength = 0

  constructor(init: ReplicaInit) {
    this.#init = init
    this.coop = init.coop
    const { sha256 } = init.crypto
    this.rule = new SignatureRule(init.crypto)
    this.heads = new Heads(sha256)
    this.#host = { coop: init.coop, sha256, rule: this.rule, cached: init.cached ?? (() => null) }
    this.authority = new AuthorityState(this.#host)
    this.#documents.set(AUTHORITY, { state: this.authority, commits: 0, refused: 0 })
    this.#view = {
      coop: init.coop,
      rule: this.rule,
      chain: (device) => this.#chains.get(device),
      // Of every document, while nobody can ask for a payload later: a commit stored without it would stay so, and
      // its document would differ for ever from that of peers with the same heads.
      isAlwaysSent: () => true,
    }
  }

  /** Number of commits in the log. */
  get logLength(): number {
    return this.#logLength
  }

  /** Key of this device in hex, or null on a reading replica. */
  get device(): string | null {
    return this.#init.signer === null ? null : toHex(this.#init.signer.publicKey)
  }

  /** The chain of a device (hex), if any of its commits is stored. */
  chain(device: string): Chain | undefined {
    return this.#chains.get(device)
  }

  /** All chains, in the order in which they turned up. */
  chains(): readonly Chain[] {
    return this.#byIndex
  }

  /** Ids of the documents that somebody wrote, sorted. One that was only opened to be looked at is not among them. */
  documentIds(): string[] {
    return [...this.#documents]
      .filter(([, document]) => document.commits > 0)
      .map(([id]) => id)
      .sort()
  }

  /** Folded state of a document, or null when nobody wrote it yet. */
  document(id: string): DocumentState | null {
    return this.#documents.get(id)?.state ?? null
  }

  /** Opens a document that nobody wrote yet, so that it can be read and written; null for an unknown kind. */
  openDocument(id: string): DocumentState | null {
    return this.#open(id)?.state ?? null
  }

  /** Counts of a document: commits folded and sections refused. */
  documentCounts(id: string): { commits: number; refused: number } {
    const { commits, refused } = this.#documents.get(id) ?? { commits: 0, refused: 0 }
    return { commits, refused }
  }

  /** What this device's chain stands on: what its first commit acknowledged, or will acknowledge. Null for a stranger. */
  get standing(): Standing | null {
    const name = this.device ?? ''
    const chain = this.#chains.get(name)
    if (chain !== undefined && chain.folded > 0) return chain.standing
    const admission = this.authority.devices.get(name)?.admissions[0]
    if (admission === undefined) return null
    return { role: admission.role, member: admission.member, admission: admission.commit }
  }

  /** Takes commits from a peer, in the order sent. */
  ingest(records: readonly CommitRecord[]): IntakeResult {
    const verdicts = judgeBatch(records, this.#view)
    const result: IntakeResult = { stored: [], duplicates: 0, refused: [] }
    for (const [i, record] of records.entries()) {
      const verdict = verdicts[i] ?? 'gap'
      if (verdict === 'duplicate') result.duplicates += 1
      else if (verdict === 'linked') this.#take(record, result)
      else result.refused.push({ record, refusal: verdict })
    }
    this.#noteChecked(
      records.filter((_, i) => verdicts[i] === 'linked'),
      result,
    )
    return result
  }

  /** Takes back a commit from the host's own log, at the next place. False when the log is not ours or torn. */
  load(record: CommitRecord): boolean {
    const { header } = record
    const chain = this.#chains.get(record.author)
    const isLinked =
      header.seq === (chain?.length ?? 0) &&
      (chain === undefined ||
        (header.prev !== null && equalBytes(header.prev, chain.ids.at(chain.length - 1) ?? NONE)))
    if (!equalBytes(header.coop, this.coop) || !isLinked) return false
    this.#store(record)
    return true
  }

  /** Judges sections as if this device wrote them now. */
  check(sections: readonly Section[]): { ok: true } | { ok: false; refusal: string; detail: string } {
    const broken = sectionsRefusal(sections)
    if (broken !== null) return refuse(broken, `no commit may hold these sections: '${broken}'`)
    for (const section of sections) {
      const context = this.#ownContext(section)
      if (context === null) return refuse('not-a-member', 'this device is not on the roster')
      const verdict = this.#open(section.document)?.state.check(context)
      if (verdict === undefined)
        return refuse('unknown-document', `no kind of document is named '${section.document}'`)
      if (!verdict.ok) return refuse(verdict.refusal, verdict.detail)
    }
    return { ok: true }
  }

  /** Writes one commit on this device's chain, after as many acknowledging ones as it needs. */
  author(sections: readonly Section[], nowMs: number): AuthorResult {
    const { signer } = this.#init
    if (signer === null) return refuse('read-only', 'this replica has no key')
    const verdict = this.check(sections)
    if (!verdict.ok) return verdict
    const own = this.#chains.get(toHex(signer.publicKey))
    if (own !== undefined && own.folded !== own.length) {
      return refuse('chain-waits', 'this device still lacks commits that its own chain acknowledges')
    }
    const stored: StoredCommit[] = []
    const news = this.#unacknowledged(own)
    while (news.length > SEEN_MAX) stored.push(this.#write([], news.splice(0, SEEN_MAX), signer, nowMs))
    const last = this.#write(sections, news, signer, nowMs)
    return { ok: true, stored: [...stored, last], commit: last.record }
  }

  /**
   * Cuts a batch that is about to be sent so that the last record of each chain carries a signature that verifies,
   * as the receiver demands. Records after a chain's last good signature are left for the next batch.
   */
  closeRuns(records: readonly CommitRecord[]): CommitRecord[] {
    const closed = new Set<string>()
    const kept: CommitRecord[] = []
    for (const record of records.toReversed()) {
      const name = record.author
      if (!closed.has(name)) {
        if (!this.#isSignatureGood(record, name)) continue
        closed.add(name)
      }
      kept.push(record)
    }
    return kept.toReversed()
  }

  #isSignatureGood(record: CommitRecord, name: string): boolean {
    const chain = this.#chains.get(name)
    if (chain === undefined || name === this.device) return true
    if (chain.checkedSignatures.has(record.header.seq)) return true
    if (!this.rule.verify(record.header.device, commitMessage(record.id), record.signature)) return false
    chain.checkedSignatures.add(record.header.seq)
    return true
  }

  #noteChecked(linked: readonly CommitRecord[], result: IntakeResult): void {
    if (result.stored.length === 0) return
    const last = new Map<string, number>()
    for (const { record } of result.stored) last.set(record.author, record.header.seq)
    for (const [name, seq] of last) {
      // The last linked record of the chain in this batch was the checked one; a cut run ends elsewhere.
      const end = linked.findLast((record) => record.author === name)
      if (end?.header.seq === seq) this.#chains.get(name)?.checkedSignatures.add(seq)
    }
  }

  #take(record: CommitRecord, result: IntakeResult): void {
    const name = record.author
    const chain = this.#chains.get(name)
    const refusal = this.#whyNot(record, name, chain)
    if (refusal === null) result.stored.push(this.#store(record))
    else result.refused.push({ record, refusal })
  }

  #whyNot(record: CommitRecord, name: string, chain: Chain | undefined): CommitRefusal | null {
    if (record.header.seq !== (chain?.length ?? 0)) return 'gap' // an earlier record of the batch was refused
    if (chain !== undefined) return chain.waiting.length >= WAITING_PER_CHAIN_MAX ? 'waiting-quota' : null
    return this.authority.devices.has(name) || this.#isFounding(record, name) ? null : 'unknown-device'
  }

  #isFounding(record: CommitRecord, name: string): boolean {
    const section = record.header.sections.findIndex((it) => it.document === AUTHORITY)
    const payload = record.payloads[section]
    if (payload === null || payload === undefined || this.authority.genesis !== null) return false
    const entries = record.header.sections[section]?.entries ?? 0
    return this.authority.check(founding(record, name, { payload, entries })).ok
  }

  #store(record: CommitRecord): StoredCommit {
    const name = record.author
    let chain = this.#chains.get(name)
    if (chain === undefined) {
      chain = new Chain(this.#byIndex.length, record.header.device)
      this.#chains.set(name, chain)
      this.#byIndex.push(chain)
      this.heads.add(chain)
    }
    const order = this.#logLength
    this.#logLength += 1
    chain.ids.push(record.id)
    chain.orders.push(order)
    if (record.header.sections.some((it) => it.document === AUTHORITY)) chain.authorityLength = chain.length
    this.heads.touch(chain)
    chain.waiting.push(record)
    this.#foldFrom(chain)
    return { order, record }
  }

  /** Folds all that can be folded now that `first` has something new. */
  #foldFrom(first: Chain): void {
    const ready: Chain[] = [first]
    for (let chain = ready.pop(); chain !== undefined; chain = ready.pop()) {
      const before = chain.folded
      for (let record = chain.waiting[0]; record !== undefined; record = chain.waiting[0]) {
        const missing = this.#missing(record)
        if (missing !== null) {
          const waiters = this.#waiters.get(missing) ?? new Set<Chain>()
          this.#waiters.set(missing, waiters.add(chain))
          break
        }
        chain.waiting.shift()
        this.#fold(chain, record)
      }
      if (chain.folded === before) continue
      ready.push(...(this.#waiters.get(chain.name) ?? []))
      this.#waiters.delete(chain.name)
    }
  }

  /** The device (hex) whose commit this one acknowledges and which is not folded here yet; null when all are. */
  #missing(record: CommitRecord): string | null {
    for (const [i, head] of record.header.seen.entries()) {
      const author = record.seenAuthors[i] ?? ''
      const chain = this.#chains.get(author)
      if (chain === undefined || chain.folded <= head.seq) return author
      // An acknowledged head that we do not have is the other branch of a fork: it waits until that branch is here.
      if (!equalBytes(chain.ids.at(head.seq) ?? NONE, head.id)) return author
    }
    return null
  }

  #fold(chain: Chain, record: CommitRecord): void {
    const { header } = record
    for (const [i, head] of header.seen.entries()) {
      const source = this.#chains.get(record.seenAuthors[i] ?? '')
      if (source === undefined) continue
      chain.knowledge.learn(source.index, header.seq, head.seq)
      chain.knowledge.inherit(source.knowledge, head.seq, header.seq)
    }
    if (header.seq === 0) chain.standing = this.#standing(chain, record)
    const { standing } = chain
    for (const [i, head] of header.sections.entries()) {
      const payload = record.payloads[i]
      const open = this.#open(head.document)
      if (open === null || payload === null || payload === undefined) continue
      open.commits += 1
      const context: SectionContext = {
        document: head.document,
        commit: record.id,
        device: chain.name,
        seq: header.seq,
        timeMs: header.timeMs,
        role: standing?.role ?? 'observer',
        member: standing?.member ?? '',
        admission: standing?.admission ?? '',
        entries: head.entries,
        payload,
        acknowledges: (device, seq) => this.#acknowledges(chain, header.seq, device, seq),
      }
      const verdict = standing === null ? null : open.state.check(context)
      if (verdict?.ok === true) verdict.apply()
      else {
        open.refused += 1
        open.state.refused?.(context)
      }
    }
    chain.folded += 1
  }

  #acknowledges(chain: Chain, at: number, device: string, seq: number): boolean {
    if (device === chain.name) return seq <= at
    const other = this.#chains.get(device)
    return other !== undefined && chain.knowledge.of(other.index, at) >= seq
  }

  /** Role and member that a chain starts with: the admission that its first commit acknowledges. */
  #standing(chain: Chain, record: CommitRecord): Standing | null {
    const founder = this.#isFounding(record, chain.name) ? this.#founder(record) : null
    if (founder !== null) return { role: 'steward', member: founder, admission: toHex(record.id) }
    const admissions = this.authority.devices.get(chain.name)?.admissions ?? []
    const known = admissions.find((it) => this.#acknowledges(chain, 0, it.issuer, it.seq))
    return known === undefined ? null : { role: known.role, member: known.member, admission: known.commit }
  }

  /** The founding member (hex): the kit in the genesis record that the founding commit carries. */
  #founder(record: CommitRecord): string | null {
    const at = record.header.sections.findIndex((it) => it.document === AUTHORITY)
    const payload = record.payloads[at] ?? null
    const entry = payload === null ? null : readEntries(payload, 1)?.[0]
    const genesis = entry?.['record'] instanceof Uint8Array ? decodeGenesis(entry['record']) : null
    return genesis === null ? null : toHex(genesis.kit)
  }

  #open(document: string): OpenDocument | null {
    const known = this.#documents.get(document)
    if (known !== undefined) return known
    const kind = this.#init.registry.kindOf(document)
    if (kind === null) return null
    const opened = { state: kind.open(document, this.#host), commits: 0, refused: 0 }
    this.#documents.set(document, opened)
    return opened
  }

  #ownContext(section: Section): SectionContext | null {
    const name = this.device
    if (name === null) return null
    const own = this.#chains.get(name)
    const isFounding = this.authority.genesis === null && section.document === AUTHORITY
    const standing = this.standing ?? (isFounding ? FOUNDER : null)
    if (standing === null) return null
    return {
      document: section.document,
      commit: NONE,
      device: name,
      seq: own?.length ?? 0,
      timeMs: 0,
      ...standing,
      entries: section.entries,
      payload: section.payload,
      acknowledges: (device, seq) => device === name || (this.#chains.get(device)?.folded ?? 0) > seq,
    }
  }

  #write(sections: readonly Section[], seen: SeenHead[], signer: Signer, nowMs: number): StoredCommit {
    const own = this.#chains.get(toHex(signer.publicKey))
    const seq = own?.length ?? 0
    const record = signCommit(
      {
        coop: this.coop,
        device: signer.publicKey,
        seq,
        prev: own?.ids.at(seq - 1)?.slice() ?? null,
        epoch: this.coop,
        seen: [...seen].sort((a, b) => compareBytes(a.device, b.device)),
        timeMs: nowMs,
      },
      sections,
      { signer, sha256: this.#init.crypto.sha256 },
    )
    return this.#store(record)
  }

  /**
   * Heads that the own chain does not know yet, without those that another of them already covers. On a new chain the
   * device's own admission comes first: the first commit must acknowledge it, whatever else there is to acknowledge.
   */
  #unacknowledged(own: Chain | undefined): SeenHead[] {
    const chosen: Chain[] = []
    const admissions =
      own === undefined ? this.authority.devices.get(this.device ?? '')?.admissions : undefined
    const issuers = new Set(admissions?.map((it) => it.issuer))
    const isIssuer = (chain: Chain): number => Number(issuers.has(chain.name))
    const isNews = (chain: Chain): boolean =>
      chain !== own &&
      chain.folded > 0 &&
      (own === undefined || own.knowledge.of(chain.index, own.length - 1) < chain.folded - 1)
    const newest = (chain: Chain): number => chain.orders.at(chain.folded - 1) ?? 0
    const news = this.#byIndex.filter(isNews)
    for (const chain of news.sort((a, b) => isIssuer(b) - isIssuer(a) || newest(b) - newest(a))) {
      const isCovered = chosen.some((it) => it.knowledge.of(chain.index, it.folded - 1) >= chain.folded - 1)
      if (!isCovered) chosen.push(chain)
    }
    return chosen.map((chain) => ({
      device: chain.device,
      seq: chain.folded - 1,
      id: (chain.ids.at(chain.folded - 1) ?? NONE).slice(),
    }))
  }
}

const NONE: Uint8Array = new Uint8Array(32)
/** What stands behind the first act of a co-op, before there is a member. */
const FOUNDER: Standing = { role: 'steward', member: '', admission: '' }

function refuse(refusal: string, detail: string): { ok: false; refusal: string; detail: string } {
  return { ok: false, refusal, detail }
}

function founding(
  record: CommitRecord,
  device: string,
  section: { payload: Uint8Array; entries: number },
): SectionContext {
  return {
    document: AUTHORITY,
    commit: record.id,
    device,
    seq: record.header.seq,
    timeMs: record.header.timeMs,
    ...FOUNDER,
    ...section,
    acknowledges: () => false,
  }
}
