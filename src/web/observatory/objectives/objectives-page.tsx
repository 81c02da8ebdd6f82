export function ObjectivesPage() {
  return <p>soon</p>;
}
