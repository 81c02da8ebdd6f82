create table "order" (
  order_id text primary key
);

create table shipping (
  shipping_tracking_id text primary key,
  shipping_cost_currency_code text not null,
  shipping_cost_units bigint not null,
  shipping_cost_nanos int not null,
  street_address text,
  city text,
  state text,
  country text,
  zip_code text,
  order_id text not null references "order" on delete cascade
);

create index on shipping (order_id);

create table orderitem (
  item_cost_currency_code text not null,
  item_cost_units bigint not null,
  item_cost_nanos int not null,
  product_id text not null,
  quantity int not null,
  order_id text not null references "order" on delete cascade,
  primary key (order_id, product_id)
);
