module libpool/pool

go 1.19
