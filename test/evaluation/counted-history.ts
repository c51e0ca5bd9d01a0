import { History } from '#protocol/history'

/** A history that counts what it is asked of single commits, by others and by its own walks over a past. */
export class CountedHistory extends History {
  questions = 0

  override deviceOf(order: number): number {
    this.questions += 1
    return super.deviceOf(order)
  }

  override seqOf(order: number): number {
    this.questions += 1
    return super.seqOf(order)
  }

  override prevOf(order: number): number {
    this.questions += 1
    return super.prevOf(order)
  }

  override seenOf(order: number): readonly number[] {
    this.questions += 1
    return super.seenOf(order)
  }

  override everySeen(order: number, passes: (head: number) => boolean): boolean {
    this.questions += 1
    return super.everySeen(order, passes)
  }
}
