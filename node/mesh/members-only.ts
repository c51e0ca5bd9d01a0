import type { Connection, StreamHandler, Topology } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'
import type { PeerId } from '@libp2p/interface'

/** Says whether a peer may use anything beyond the join door. */
export type IsMember = (peer: PeerId) => boolean

/**
 * Makes a libp2p service serve members only: its stream handlers refuse everyone else, and it is never told of
 * other peers. (libp2p's own per-protocol middleware is not used: in 3.3 it appends the handler to the registered
 * list on each inbound stream.)
 */
export function membersOnly<C extends { registrar: Registrar }, S>(
  isMember: IsMember,
  factory: (components: C) => S,
): (components: C) => S {
  return (components) => {
    const registrar = guardRegistrar(components.registrar, isMember)
    // The components object answers by property, not by enumeration, so it is wrapped and not copied.
    const guarded = new Proxy(components, {
      get: (target, key) => (key === 'registrar' ? registrar : Reflect.get(target, key)),
    })
    return factory(guarded)
  }
}

function guardRegistrar(registrar: Registrar, isMember: IsMember): Registrar {
  const handle: Registrar['handle'] = (protocol, handler, options) =>
    registrar.handle(protocol, guardHandler(handler, isMember), options)
  const register: Registrar['register'] = (protocol, topology, options) =>
    registrar.register(protocol, guardTopology(topology, isMember), options)
  return new Proxy(registrar, {
    get: (target, key) => {
      if (key === 'handle') return handle
      if (key === 'register') return register
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function guardHandler(handler: StreamHandler, isMember: IsMember): StreamHandler {
  return (stream, connection) => {
    if (isMember(connection.remotePeer)) return handler(stream, connection)
    stream.abort(new Error('members only'))
  }
}

function guardTopology(topology: Topology, isMember: IsMember): Topology {
  const onConnect = (peer: PeerId, connection: Connection): void => {
    if (isMember(peer)) void topology.onConnect?.(peer, connection)
  }
  return {
    ...topology,
    onConnect,
    onDisconnect: (peer) => topology.onDisconnect?.(peer),
  }
}
