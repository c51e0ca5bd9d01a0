import type { MultiaddrConnection } from '@libp2p/interface'

/**
 * Bytes that an unknown key may send on one connection: the join stream's 8 KiB, and what multiplexing and the
 * agreement on a protocol add to it. Without a limit the latter alone keeps a node busy: measured, 8 connections
 * that propose protocols without end stop it for 25 s.
 */
export const STRANGER_BYTES_MAX = 65_536

/** Cuts a connection once it has brought more than `bytesMax`, unless its key is a member's by then. */
export function limitBytes(
  connection: MultiaddrConnection,
  isMember: () => boolean,
  bytesMax: number = STRANGER_BYTES_MAX,
): void {
  let bytes = 0
  const count = ({ data }: { data: { byteLength: number } }): void => {
    bytes += data.byteLength
    if (bytes <= bytesMax) return
    connection.removeEventListener('message', count)
    if (!isMember()) connection.abort(new Error('sent more than one who is no member may'))
  }
  connection.addEventListener('message', count)
}
