/** The part of y-leveldb 0.2 that we use; its own types are hidden under nodenext resolution. */
declare module 'y-leveldb' {
  import type { Doc } from 'yjs'

  export class LeveldbPersistence {
    constructor(location: string, options?: { Level?: unknown; levelOptions?: object })
    /** Null when anything at all went wrong. */
    getYDoc(document: string): Promise<Doc | null>
    /** The number of the stored row; anything else means that nothing was stored. */
    storeUpdate(document: string, update: Uint8Array): Promise<number | null>
    clearDocument(document: string): Promise<unknown>
    setMeta(document: string, key: string, value: unknown): Promise<unknown>
    getMeta(document: string, key: string): Promise<unknown>
    getAllDocNames(): Promise<string[] | null>
    destroy(): Promise<void>
  }
}
