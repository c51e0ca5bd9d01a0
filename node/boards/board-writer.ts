import * as Y from 'yjs'
import { BoardState, FIELDS, LIST_PREFIX, isListName } from '#protocol/board'
import type { Json } from '#protocol/board'
import type { Engine } from '#node/engine'
import { CoopError } from '#node/errors'

/** Longest name of a board, as in document ids. */
const BOARD_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

/** The board called `name`, opened if nobody wrote it yet. */
export async function openBoard(engine: Engine, name: string): Promise<BoardState> {
  const state = BOARD_NAME.test(name) ? await engine.open(`board/${name}`) : null
  if (state instanceof BoardState) return state
  throw new CoopError(
    'refused',
    `'${name}' is not a name for a board`,
    'Use 1 to 63 lower-case letters, digits, dots, dashes or underscores, starting with a letter or digit.',
  )
}

/** Signs one update of a writer session, made in a copy of this board; resolves once it is fsynced. */
export async function commitUpdate(
  engine: Engine,
  board: BoardState,
  edit: { session: number; update: Uint8Array },
): Promise<void> {
  const payload = board.payloadOf(edit.session, edit.update)
  await engine.append([{ document: board.document, entries: 1, payload }], board)
}

/** Writes on a board from the command line: the same as a page, inside the node, with a session of its own. */
export class BoardWriter {
  readonly #engine: Engine
  readonly #board: BoardState
  readonly #session: number
  readonly #doc: Y.Doc
  readonly #mirror = (update: Uint8Array): void => Y.applyUpdate(this.#doc, update, this.#board)
  /** False once an edit failed: its structs are in the copy but not in the log. */
  isGood = true

  /** @param admission - the commit (hex) that admitted this device, as `Engine.admission` gives it */
  constructor(engine: Engine, board: BoardState, admission: string) {
    this.#engine = engine
    this.#board = board
    const device = engine.replica.device ?? ''
    this.#session = board.newSession(device, admission)
    this.#doc = new Y.Doc({ guid: board.document })
    Y.applyUpdate(this.#doc, Y.encodeStateAsUpdate(board.doc), board)
    // After loading: Yjs draws another id when it meets structs of its own.
    this.#doc.clientID = board.writerOf(admission, this.#session)
    board.doc.on('update', this.#mirror)
  }

  async set(key: string, value: Json): Promise<void> {
    await this.#edit((doc) => doc.getMap<Json>(FIELDS).set(key, value))
  }

  async append(list: string, value: Json): Promise<void> {
    if (!isListName(list)) {
      throw new CoopError(
        'refused',
        `'${list}' is not a name for a list`,
        'Use lower-case letters, digits, dots and dashes.',
      )
    }
    await this.#edit((doc) => doc.getArray<Json>(LIST_PREFIX + list).push([value]))
  }

  close(): void {
    this.#board.doc.off('update', this.#mirror)
    this.#doc.destroy()
  }

  async #edit(change: (doc: Y.Doc) => void): Promise<void> {
    let made: Uint8Array | null = null
    const collect = (update: Uint8Array): void => {
      made = update
    }
    this.#doc.on('update', collect)
    this.#doc.transact(() => change(this.#doc))
    this.#doc.off('update', collect)
    if (made === null) return
    try {
      await commitUpdate(this.#engine, this.#board, { session: this.#session, update: made })
    } catch (cause) {
      this.isGood = false
      throw cause
    }
  }
}
