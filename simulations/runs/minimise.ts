/**
 * The smallest part of a list, as far as single parts show, for which `fails` still holds: delta debugging (A. Zeller
 * and R. Hildebrandt, *Simplifying and isolating failure-inducing input*, 2002). `fails(items)` must hold. It ends early
 * where `isOver` says so, with what it has.
 */
export function minimise<T>(
  items: readonly T[],
  fails: (kept: readonly T[]) => boolean,
  isOver: () => boolean = () => false,
): readonly T[] {
  if (items.length === 0 || fails([])) return []
  let kept = items
  let parts = 2
  while (kept.length >= 2 && !isOver()) {
    const size = Math.ceil(kept.length / parts)
    const less = withoutOnePart(kept, size, fails, isOver)
    if (less !== null) {
      kept = less
      parts = Math.max(2, parts - 1)
    } else if (size === 1) break
    else parts = Math.min(kept.length, parts * 2)
  }
  return kept
}

function withoutOnePart<T>(
  items: readonly T[],
  size: number,
  fails: (kept: readonly T[]) => boolean,
  isOver: () => boolean,
): readonly T[] | null {
  // From the end: what came late is most often beside the point, and what is left out shifts nothing before it.
  for (let end = items.length; end > 0 && !isOver(); end -= size) {
    const rest = [...items.slice(0, Math.max(0, end - size)), ...items.slice(end)]
    if (fails(rest)) return rest
  }
  return null
}
