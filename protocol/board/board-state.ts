import * as Y from 'yjs'
import { encode } from '@ipld/dag-cbor'
import type { DocumentHost, DocumentState, Role, SectionContext, SectionVerdict } from '../document/index.ts'
import { equalBytes, fromHex } from '../encoding/index.ts'
import { UpdateGate, writerClientId } from '../shared/index.ts'
import type { DeleteRight, UpdateAuthor } from '../shared/index.ts'
import { decodeBoardPayload } from './board-payload.ts'

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
 * The window is small so that nobody can search it for a session whose clientID equals another device's.
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

/** A shared document that people edit: a map of fields, a text and named lists, in one Yjs document. */
export class BoardState implements DocumentState {
  readonly document: string
  /** Written by this state alone. Others observe it, or copy it to edit. */
  readonly doc: Y.Doc
  readonly #host: DocumentHost
  readonly #gate: UpdateGate
  readonly #voided = new Set<string>()
  readonly #orders = new Map<string, number>()
  /** Sections applied. */
  sections = 0
  /** Commit of the last applied section. */
  lastCommit: Uint8Array = new Uint8Array(32)
  #skip: { sections: number; commit: Uint8Array } | null = null
  #hash: Uint8Array | null = null
  /** First session that each device (hex) has not used yet, by its own sections alone. */
  readonly #usedSessions = new Map<string, number>()
  /** First session that `newSession` has not handed out. */
  #freeSession = 0

  constructor(document: string, host: DocumentHost) {
    this.document = document
    this.#host = host
    this.doc = new Y.Doc({ guid: document })
    this.doc.clientID = 0
    this.doc.getMap(FIELDS)
    this.doc.getText(TEXT)
    this.#gate = new UpdateGate({ root: rootKind })
    const cached = host.cached(document)
    if (cached === null) return
    Y.applyUpdate(this.doc, cached.update, this)
    this.#skip = cached
  }

  /** True while the kept copy that this state started from holds more than the sections applied since. */
  get isAhead(): boolean {
    return this.#skip !== null
  }

  /** The Yjs clientID of a writer session of the device that was admitted by this commit (hex). */
  writerOf(admission: string, session: number): number {
    const commit = fromHex(admission) ?? new Uint8Array(32)
    return writerClientId(this.#host.sha256, this.#host.coop, commit, this.document, session)
  }

  /** Draws a writer session that this device has never used on this board. */
  newSession(device: string): number {
    const session = Math.max(this.#freeSession, this.#usedSessions.get(device) ?? 0)
    this.#freeSession = session + 1
    return session
  }

  check(section: SectionContext): SectionVerdict {
    if (this.#voided.has(section.device)) {
      return refuse('voided', 'an earlier section of this device in this document was refused')
    }
    if (section.role === 'observer') return refuse('role', 'observers do not write on boards')
    const payload = section.entries === 1 ? decodeBoardPayload(section.payload) : null
    if (payload === null) return refuse('payload', 'the section is not a session and an update')
    const used = this.#usedSessions.get(section.device) ?? 0
    if (payload.session >= used + SESSIONS_AHEAD_MAX) {
      return refuse('session-ahead', `session ${payload.session}, while ${used} is the first unused one`)
    }
    const author: UpdateAuthor = {
      device: section.device,
      seq: section.seq,
      writer: this.writerOf(section.admission, payload.session),
      canDelete: DELETE_RIGHTS[section.role],
      acknowledges: (device, seq) => section.relies(this.#orders.get(`${device}/${seq}`) ?? -1),
    }
    const verdict = this.#gate.check(payload.update, author)
    if (!verdict.ok) return refuse(verdict.refusal, verdict.detail)
    const apply = (): void => {
      this.#gate.admit(verdict.checked, author)
      this.#orders.set(`${section.device}/${section.seq}`, section.order)
      this.#usedSessions.set(section.device, Math.max(used, payload.session + 1))
      this.#apply(payload.update, section.commit)
    }
    return { ok: true, apply }
  }

  refused(section: SectionContext): void {
    this.#voided.add(section.device)
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
