export function SqlPage() {
  return <p>soon</p>;
}
