/**
 * The shape of a set of commits: who wrote what after knowing what. A commit is named by its _order_: its place in
 * this replica's log, which is causal (whatever a commit acknowledges has a smaller order). Orders differ between
 * replicas; nothing that replicas must agree on may depend on their values, only on the relations told here.
 */
export interface CausalGraph {
  /** Number of commits; their orders are 0 to `length - 1`. */
  readonly length: number
  /** Number of devices that wrote something; they are numbered from 0 in the order in which they turned up. */
  readonly deviceCount: number
  /** Device that wrote the commit. */
  deviceOf(order: number): number
  /** Position in the device's chain, from 0. A forked device has several commits of one seq. */
  seqOf(order: number): number
  /** The commit before on the same chain; -1 for a first commit. */
  prevOf(order: number): number
  /** The commit at `seq` on the chain that ends with the commit; -1 when that is shorter. */
  onChain(order: number, seq: number): number
  /** Commits of other chains that this commit's header lists, possibly several of one device (a fork proof). */
  seenOf(order: number): readonly number[]
  /** True when every one of these passes; makes no list of them. */
  everySeen(order: number, passes: (head: number) => boolean): boolean
  /** Commit id, 32 bytes. */
  idOf(order: number): Uint8Array
  /** True when `earlier` is in the causal past of `order`, or is `order` itself. */
  knows(order: number, earlier: number): boolean
  /** True when `earlier` is on the same chain as `order`, at or before it (not on another branch). */
  isAtOrAfter(order: number, earlier: number): boolean
  /**
   * The lowest seq of which the device has two commits in the causal past of these, themselves included; Infinity when
   * its chain does not part there. -1 stands for no commit.
   */
  forkSeqKnownTo(orders: readonly number[], device: number): number
  /** The ends of the device's branches, ascending by order; one while the device has not forked. */
  endsOf(device: number): readonly number[]
}
