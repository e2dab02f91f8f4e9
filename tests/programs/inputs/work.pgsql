-- SPDX-FileCopyrightText: 2026 The Halde authors
-- SPDX-License-Identifier: MIT

-- The books of pgbench: all four sums are the same, whatever order the transactions had.
select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history),
       (select sum(bbalance) from pgbench_branches) = (select sum(delta) from pgbench_history),
       (select sum(tbalance) from pgbench_tellers) = (select sum(delta) from pgbench_history),
       (select count(*) from pgbench_history), (select count(*) from pgbench_accounts);
create table facts as
    select i, (i * 7919) % 5003 as k, md5(i::text) as h, repeat(chr(97 + i % 26), i % 50) as s,
           case when i % 10 = 0 then null else (i * 31 % 977)::numeric / 7 end as v
    from generate_series(1, 120000) i;
create index on facts (k, h);
create table words as select k, string_agg(s, '' order by i) as w, array_agg(i order by i) as a from facts group by k;
analyze;
select count(*), sum(v), min(h), max(s) from facts;
select count(*), sum(length(w)), sum(array_length(a, 1)) from words;
select f.k % 10, count(*), round(avg(f.v), 9), max(length(w.w)) from facts f join words w using (k) group by 1 order by 1;
select k, h, rank() over (partition by k % 7 order by h), sum(v) over (order by i rows 20 preceding)
    from facts where i % 5000 = 0 order by i;
set work_mem = '1MB';
select md5(string_agg(h, '' order by h desc)) from facts;
set work_mem = '64MB';
select md5(string_agg(h || coalesce(v::text, '-'), '' order by s, h)) from facts;
select jsonb_object_agg(k, w) -> '17' from words where k < 30;
select count(*) from facts where h ~ '^(a|b)[0-9]+[c-e].*f$';
select regexp_replace(string_agg(w, ' ' order by k), '([a-m])\1+', '\1', 'g') from words where k between 100 and 104;
with recursive t(n, p) as (select 1, array[1] union all select n + 1, p || n from t where n < 200)
    select sum(array_length(p, 1)) from t;
do $$
declare r record; n int := 0;
begin
    for r in select * from facts where k < 300 order by i loop
        n := n + length(r.h || r.s);
        begin
            if r.i % 100 = 0 then raise exception 'one of hundred'; end if;
        exception when others then n := n + 1;
        end;
    end loop;
    raise notice '%', n;
end $$;
update facts set s = s || h where k % 3 = 0;
delete from facts where k % 11 = 0;
vacuum full facts;
select count(*), sum(length(s)) from facts;
