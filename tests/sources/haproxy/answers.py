"""HAProxy's answers as version 2.6 spells them, with the numbers of the tests."""

from collections.abc import Mapping

HEADER = (
    "pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,"
    "chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,"
    "check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,"
    "req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,"
    "rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,"
    "agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,dses"
)
COLUMNS = HEADER.split(",")

CHECKED = {"status": "UP", "check_status": "L7OK", "mode": "http"}


def line(backend: str, server: str, **values: object) -> str:
    """One line of the table; what is not named is empty."""
    given = {"pxname": backend, "svname": server, **CHECKED, **values}
    return ",".join(_quoted(str(given.get(column, ""))) for column in COLUMNS) + ","


def answer(*lines: str, pid: int = 100, info: Mapping[str, str] | None = None) -> str:
    """The answer to `show info;show stat`."""
    told = {"Name": "HAProxy", "Version": "2.6.12", "Nbproc": "1", "Pid": str(pid), **(info or {})}
    head = "".join(f"{name}: {value}\n" for name, value in told.items())
    return f"{head}\n# {','.join(COLUMNS)},\n" + "".join(f"{each}\n" for each in lines) + "\n"


def app(green: Mapping[str, object], blue: Mapping[str, object] | None = None, *, pid: int = 100) -> str:
    """A backend `app` with a server per colour."""
    lines = (line("app", "blue", **(blue or {})), line("app", "green", **green), line("app", "BACKEND"))
    return answer(*lines, pid=pid)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if {",", '"'} & set(text) else text
