export { startChurn } from './churn.ts'
export type { ChurnModel, Switchboard } from './churn.ts'
export { TRACE_LINES_MAX, parseChurnTrace, playChurnTrace } from './churn-trace.ts'
export type { TraceError, TraceResult, TraceStep } from './churn-trace.ts'
export { FIBRE_FACTOR, distanceKm, fibreDelayUs } from './geography.ts'
export type { Place } from './geography.ts'
export { drawTopology } from './topologies.ts'
export type {
  FullSpec,
  GeographicSpec,
  IslandsSpec,
  RandomRegularSpec,
  SmallWorldSpec,
  TopologySpec,
  TransitStubSpec,
} from './topologies.ts'
export { faultsProblem } from './faults.ts'
export type { LinkFaults, Loss, Transport } from './faults.ts'
export { CUTS_MAX } from './link-states.ts'
export type { Cut } from './link-states.ts'
export { MESSAGES_MAX } from './message-table.ts'
export { MESSAGE_BYTES_MAX, Network } from './network.ts'
export { RETRANSMIT_US } from './link-draws.ts'
export type { NetworkInit, NetworkObserver } from './network.ts'
export type { DropReason, Traffic } from './traffic.ts'
export { BYTES_PER_SECOND_MAX } from './shared-bandwidth.ts'
export type { Bandwidth, Bottleneck } from './shared-bandwidth.ts'
export { DELAY_US_MAX, LINKS_MAX, Topology, TopologyError } from './topology.ts'
export type { Edge } from './topology.ts'
export { TIMETABLE_MAX } from './venues.ts'
export type { Venue } from './venues.ts'
