/**
 * The same function, with what it found kept for each object: what is asked of a leg once for every window is worked out once. It is kept as
 * long as the object is.
 * @param find  pure: the same for the same object
 */
export function kept<Key extends object, Value>(find: (of: Key) => Value): (of: Key) => Value {
  const found = new WeakMap<Key, { readonly value: Value }>();
  return (of) => {
    const known = found.get(of) ?? { value: find(of) };
    found.set(of, known);
    return known.value;
  };
}
