import * as Y from 'yjs'
import { encode } from '@ipld/dag-cbor'
import { sectionWith } from '../document/index.ts'
import type {
  DocumentHost,
  DocumentState,
  Role,
  SectionContext,
  SectionVerdict,
  Stretch,
} from '../document/index.ts'
import { equalBytes, fromHex } from '../encoding/index.ts'
import { UpdateGate, writerClientId } from '../shared/index.ts'
import type { DeleteRight, UpdateAuthor } from '../shared/index.ts'
import { decodeBoardPayload, encodeBoardPayload } from './board-payload.ts'

/** Name of the map on every board. */
export const FIELDS = 'fields'
/** Name of the text on every board. */
export const TEXT = 'text'
/** Lists of a board are arrays with this prefix: two people may start the same list while apart. */
export const LIST_PREFIX = 'list/'
/** True for a name that a list may have. */
export function isListName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)
}

/** Plain JSON as it stands on a board. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** What a board shows. */
export interface BoardView {
  fields: { [key: string]: Json }
  text: string
  lists: { [name: string]: Json[] }
}

/** The kept copy of a document does not stand for the place in the log that it claims. */
export class CacheMismatch extends Error {
  readonly code = 'cache-mismatch'
  readonly document: string

  constructor(document: string) {
    super(`the kept copy of '${document}' does not match the log`)
    this.document = document
  }
}

/**
 * How far a session may run ahead of those that its device used before: pages that are open and have written nothing.
 * A guess. Who looks for sessions that collide must write its way up to them.
 */
export const SESSIONS_AHEAD_MAX = 1_024

/** What each role may take away. */
const DELETE_RIGHTS: Record<Role, DeleteRight> = {
  steward: 'any',
  member: 'any',
  venue: 'any',
  archive: 'own',
  observer: 'none',
}

/** What is kept of a device's chain, by its own sections alone, as it stands at the end of a stretch. */
interface Chain {
  /** First session that it has not used yet. */
  readonly usedSessions: number
  /** A section of it was refused. */
  readonly isVoid: boolean
}

const NO_COMMITS: readonly Uint8Array[] = []
const NEW_CHAIN: Chain = { usedSessions: 0, isVoid: false }

/** A shared document that people edit: a map of fields, a text and named lists, in one Yjs document. */
export class BoardState implements DocumentState {
  readonly document: string
  /** Written by this state alone. Others observe it, or copy it to edit. */
  readonly doc: Y.Doc
  readonly #host: DocumentHost
  readonly #gate: UpdateGate
  /** Sections applied. */
  sections = 0
  /** Commit of the last applied section. */
  lastCommit: Uint8Array = new Uint8Array(32)
  #skip: { sections: number; commit: Uint8Array } | null = null
  #hash: Uint8Array | null = null
  /** By device (hex) and rank of the stretch. */
  readonly #chains = new Map<string, Chain[]>()
  /** First session that `newSession` has not handed out. */
  #freeSession = 0
  /** By clientID of a session that was: the device that it is for. */
  readonly #handedOut = new Map<number, string>()
  #isHandedOutTaken = false

  /** `outdated`: a state that was handed all sections; which sessions collide is known from it. */
  constructor(document: string, host: DocumentHost, outdated?: DocumentState) {
    this.document = document
    this.#host = host
    this.doc = new Y.Doc({ guid: document })
    this.doc.clientID = 0
    this.doc.getMap(FIELDS)
    this.doc.getText(TEXT)
    this.#gate = new UpdateGate({ root: rootKind }, outdated instanceof BoardState ? outdated.#gate : null)
    const cached = host.cached(document)
    if (cached === null) return
    Y.applyUpdate(this.doc, cached.update, this)
    this.#skip = cached
  }

  /** True while the kept copy that this state started from holds more than the sections applied since. */
  get isAhead(): boolean {
    return this.#skip !== null && !this.isOutdated
  }

  /**
   * True once sessions of several devices collided that were not known to, or another device writes under a session
   * that was handed out here: a page must not go on with that.
   */
  get isOutdated(): boolean {
    return this.#gate.isOutdated || this.#isHandedOutTaken
  }

  /** The Yjs clientID of a writer session of the device that was admitted by this commit (hex). */
  writerOf(admission: string, session: number): number {
    const commit = fromHex(admission) ?? new Uint8Array(32)
    return writerClientId(this.#host.sha256, this.#host.coop, commit, this.document, session)
  }

  /** Draws a writer session of the device that was admitted by this commit (hex); nobody has used its clientID here. */
  newSession(device: string, admission: string): number {
    const used = this.#chains.get(device)?.[0]?.usedSessions ?? 0
    const first = Math.max(this.#freeSession, used)
    let session = first
    const isTaken = (): boolean => this.#isTaken(this.writerOf(admission, session))
    while (session < used + SESSIONS_AHEAD_MAX - 1 && isTaken()) session += 1
    // Where all of them collide, any will do.
    if (isTaken()) session = first
    this.#handedOut.set(this.writerOf(admission, session), device)
    this.#freeSession = session + 1
    return session
  }

  #isTaken(writer: number): boolean {
    return this.#handedOut.has(writer) || this.#gate.isTaken(writer)
  }

  /**
   * The payload of a section of this session.
   *
   * @param update - made in a copy of `doc` that takes the updates of `doc`
   */
  payloadOf(session: number, update: Uint8Array): Uint8Array {
    const wire = this.#gate.toWire(update)
    return encodeBoardPayload(
      wire.commits.length === 0 ? { session, update: wire.update } : { session, ...wire },
    )
  }

  check(section: SectionContext): SectionVerdict {
    if (this.isOutdated) return refuse('outdated', 'the board must be folded anew')
    const chain = this.#chainOf(section)
    if (chain.isVoid) {
      return refuse('voided', 'an earlier section of this chain in this document was refused')
    }
    if (section.role === 'observer') return refuse('role', 'observers do not write on boards')
    const payload = section.entries === 1 ? decodeBoardPayload(section.payload) : null
    if (payload === null) return refuse('payload', 'the section is not a session and an update')
    const used = chain.usedSessions
    if (payload.session >= used + SESSIONS_AHEAD_MAX) {
      return refuse('session-ahead', `session ${payload.session}, while ${used} is the first unused one`)
    }
    const author: UpdateAuthor = {
      device: section.device,
      order: section.order,
      commit: section.commit,
      stretch: section.stretch,
      commits: payload.commits ?? NO_COMMITS,
      writer: this.writerOf(section.admission, payload.session),
      canDelete: DELETE_RIGHTS[section.role],
      relies: (order) => section.relies(order),
      find: (commit) => section.find(commit),
    }
    const verdict = this.#gate.check(payload.update, author)
    if (!verdict.ok) return refuse(verdict.refusal, verdict.detail)
    const apply = (): void => {
      const update = this.#gate.admit(verdict.checked, author)
      this.#noteTaken(author)
      this.#keep(section, { ...chain, usedSessions: Math.max(used, payload.session + 1) })
      this.#apply(update, section.commit)
    }
    return { ok: true, apply }
  }

  refused(section: SectionContext): void {
    const payload = section.admission === '' ? null : decodeBoardPayload(section.payload)
    if (payload !== null) {
      const author = sectionWith(section, { writer: this.writerOf(section.admission, payload.session) })
      this.#gate.note(author)
      this.#noteTaken(author)
    }
    this.#keep(section, { ...this.#chainOf(section), isVoid: true })
  }

  /** Whether a section of another device is of a session that was handed out here. */
  #noteTaken({ writer, device }: { writer: number; device: string }): void {
    this.#isHandedOutTaken ||= (this.#handedOut.get(writer) ?? device) !== device
  }

  #chainOf({ device, stretch }: SectionContext): Chain {
    const own = this.#chains.get(device) ?? []
    for (let part: Stretch | null = stretch; part !== null; part = part.parent) {
      const chain = own[part.rank]
      if (chain !== undefined) return chain
    }
    return NEW_CHAIN
  }

  #keep({ device, stretch }: SectionContext, chain: Chain): void {
    const own = this.#chains.get(device) ?? []
    this.#chains.set(device, own)
    own[stretch.rank] = chain
  }

  stateHash(): Uint8Array {
    if (this.#hash === null) {
      const { fields, text, lists } = this.view()
      // Plain dag-cbor rather than our integer-only form: people put fractions on boards.
      this.#hash = this.#host.sha256(encode([hashForm(fields), text, hashForm(lists)]))
    }
    return this.#hash
  }

  /** The board as plain JSON. Empty lists are left out. */
  view(): BoardView {
    const view: BoardView = {
      fields: Object.create(null),
      text: this.doc.getText(TEXT).toJSON(),
      lists: Object.create(null),
    }
    for (const [key, value] of this.doc.getMap<Json>(FIELDS)) view.fields[key] = value
    for (const name of this.doc.share.keys()) {
      if (!name.startsWith(LIST_PREFIX)) continue
      const list = this.doc.getArray<Json>(name)
      if (list.length > 0) view.lists[name.slice(LIST_PREFIX.length)] = list.toArray()
    }
    return view
  }

  #apply(update: Uint8Array, commit: Uint8Array): void {
    this.#hash = null
    this.sections += 1
    this.lastCommit = commit.slice()
    if (this.#skip === null) {
      Y.applyUpdate(this.doc, update, this)
      return
    }
    if (this.sections < this.#skip.sections) return
    if (!equalBytes(commit, this.#skip.commit)) throw new CacheMismatch(this.document)
    this.#skip = null
  }
}

/**
 * JSON without objects, one to one: an array as `[0, items…]`, an object as `[1, key, value, …]` by ascending key.
 * dag-cbor takes an object with certain keys (`/` and `bytes`) for a link, and throws or hashes another thing.
 */
function hashForm(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return [0, ...value.map(hashForm)]
  const keys = Object.keys(value).sort()
  return [1, ...keys.flatMap((key) => [key, hashForm(value[key] ?? null)])]
}

function rootKind(name: string): 'map' | 'text' | 'array' | null {
  if (name === FIELDS) return 'map'
  if (name === TEXT) return 'text'
  return name.startsWith(LIST_PREFIX) && isListName(name.slice(LIST_PREFIX.length)) ? 'array' : null
}

function refuse(refusal: string, detail: string): SectionVerdict {
  return { ok: false, refusal, detail }
}
