module example.com/capability

go 1.22
