-- Those that nobody works on any more, by age: see src/retention.
create index orders_finished on orders (created_at) where state in ('placed', 'declined', 'refunded');
