SELECT *, topic(3) AS thing, (SELECT VALUE n FROM metrics.list) AS names FROM '$aws/things/+/defender/#' WHERE CASE x WHEN 1 THEN 'a' ELSE upper(y) END <> 'B' AND get(a, 0).b IN [1, 2.5]
