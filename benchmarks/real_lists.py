"""Published lists, plan rows and registers, read as tasks and firms; the rules for what they leave open.

- An agency's items for one trade are a task; the joint list's rows of one field, lead agency and trade likewise. Items
  that stand in the joint list are not taken twice. "Departments of market regulation" join as that agency. With
  ``by_category`` every category of an agency's items is a task of its own, as the item list prints them.
- Who is subject to a task: firms whose name or licensed scope holds a word of the trade that the task's objects name;
  all firms where the objects are enterprises at large.
- Ratio and months: those of the published plan rows of the trade (median); else the median of all published ratios, and
  the published windows in turn. Tasks on all firms take the median of the published ratios of undirected tasks.
- Tier: from the hash of the credit code, in the shares of Xinjiang 2022 (A 48.6, B 41.5, C 6.4, D 3.5 %). Kind: from
  the registered type; "N/A" is an enterprise.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from inspection.rules.frame import Profile

REGION = "370828"
MARKET = "市场监管"
ALL = "*"
"""Stands for firms at large."""

TRADES: Mapping[str, tuple[str, str]] = {
    # trade: (words of a task's objects, words of a firm's name and scope)
    "catering": ("餐饮|食堂", "餐饮|小吃|饭店|酒楼|快餐"),
    "hotel": ("宾馆|旅店", "宾馆|旅馆|住宿|旅社|招待所"),
    "food-making": ("食品生产|小作坊|食品相关产品", "(食品|糕点|饮料|调味|肉制品).{0,6}(生产|加工|制造)"),
    "food-selling": ("食品.{0,4}销售|食用农产品|在售食品|食盐", "食品|副食|粮油|烟酒|食盐|水果|蔬菜"),
    "pesticide": ("农药", "农药"),
    "fertiliser": ("肥料|化肥", "化肥|肥料|微肥"),
    "seed": ("种子|转基因|苗木|植物检疫|植物产品", "种子|苗木|种苗"),
    "veterinary": ("兽药|兽用", "兽药"),
    "feed": ("饲料", "饲料"),
    "machinery": ("农业机械|农机", "农机|农业机械|拖拉机"),
    "livestock": ("养殖|畜|屠宰|动物|渔业", "养殖|屠宰|畜禽|水产|种畜"),
    "farming": ("农产品生产|农民专业合作社、家庭农场", "种植|农产品|合作社"),
    "cars": ("汽车|机动车|二手车", "汽车(?!维修|修理|运输|配件).{0,6}(销售|经销)|轿车|二手车|摩托车"),
    "car-repair": ("车辆维修|汽车维修", "(汽车|车辆|机动车).{0,2}(维修|修理)"),
    "transport": ("道路运输|客运|危险货物|公路水运|涉路", "货物运输|道路运输|客运|货运|运输服务"),
    "fuel": ("成品油|汽油", "加油|汽油|柴油|成品油"),
    "gas": ("燃气", "燃气|液化气|天然气"),
    "hazard": ("危险化学品|常压液体|爆破|民用枪支", "危险化学品|爆破|化工产品"),
    "fireworks": ("烟花", "烟花|爆竹"),
    "building": ("建筑|市政|园林绿化|工程建设|招投标", "建筑|工程施工|装饰|安装工程|土木|园林"),
    "real-estate": ("房地产|物业", "房地产|物业"),
    "internet-cafe": ("上网服务|互联网上网", "网吧|上网服务|互联网信息"),
    "entertainment": ("娱乐|歌舞|演出|艺术品", "歌舞|娱乐|演出|KTV|游艺"),
    "publishing": ("出版|印刷|图书|音像|电影|广播电视", "图书|印刷|音像|出版|书刊"),
    "travel": ("旅行社|旅游", "旅行社|旅游"),
    "labour-agency": ("劳务派遣|人力资源|职业中介|职业技能", "劳务|人力资源|职业介绍|人才"),
    "security": ("保安", "保安"),
    "school": ("学校|教育|办学|培训", "学校|培训|教育|幼儿"),
    "medical": ("医疗|药品|卫生机构", "药品|医疗|医院|诊所"),
    "advertising": ("广告", "广告|传媒"),
    "auction": ("拍卖", "拍卖"),
    "trade-abroad": ("进出口|出口商品|外商投资|境外投资|口岸", "进出口|外贸"),
    "industry": ("工业企业|工业产品|生产领域|待销产品|认证|消耗臭氧|ODS|标准", "生产|制造|加工"),
    "equipment": ("特种设备", "锅炉|电梯|压力容器|起重"),
    "testing": ("检验|检测|计量检定|监测机构", "检测|检验|计量"),
    "environment": ("污水|排放", "污水|环保|水处理"),
    "retail": ("预付卡|商业", "商场|超市|百货|购物"),
    "online": ("电子商务|网络", "网上|网络|电子商务"),
    "consulting": ("工程咨询|造价|专利代理|商标代理|估价", "咨询|代理|评估"),
    "finance": ("融资|典当|小额贷款", "贷款|担保|典当|保险|银行"),
    "logistics": ("物流|寄递", "物流|快递|仓储"),
}
AT_LARGE = re.compile("企业|用人单位|个体工商户|经营者|市场主体|纳税人|统计|单位|对象|企事业|消防产品|登记|公示")
TIERS = (("A", 48.6), ("B", 41.5), ("C", 6.4), ("D", 3.5))


@dataclass(frozen=True)
class Wanted:
    """A task as the lists give it: agencies lead first, items, and the trade (or ALL)."""

    name: str
    agencies: tuple[str, ...]
    items: tuple[str, ...]
    trade: str


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, plain or compressed."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(data.decode("utf-8-sig").splitlines()))


def trade_of(*texts: str) -> str:
    """The first trade that a text names, the objects before the item; ALL for firms at large; "" for neither."""
    for text in texts:
        for trade, (words, _) in TRADES.items():
            if re.search(words, text):
                return trade
    return ALL if AT_LARGE.search(texts[0]) else ""


def agency_of(text: str) -> str:
    """The agency behind a department's name on any list, one spelling for each."""
    known = (
        (MARKET, "市场监|市场监管|工商"),
        ("教育", "教育"),
        ("公安", "公安"),
        ("人社", "人力资源|人社"),
        ("生态环境", "环境"),
        ("住建", "住房|住建|园林"),
        ("交通", "交通"),
        ("农业", "农业"),
        ("商务", "商务"),
        ("文旅", "旅|文化"),
        ("卫健", "卫"),
        ("应急", "应急"),
        ("海关", "海关"),
        ("税务", "税务"),
        ("统计", "统计"),
        ("消防", "消防"),
        ("发改", "发展改革"),
        ("工信", "工业和信息化"),
    )
    return next((name for name, words in known if re.search(words, text)), "")


def listed(folder: Path, *, by_category: bool = False) -> list[Wanted]:
    """The tasks of the joint list, then those of the item list that it does not hold."""
    joint: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in rows_of(folder / "lists/hainan_joint_item_list_v2.csv"):
        lead = agency_of(row["发起部门"].split("、")[0])
        joint.setdefault((row["抽查领域"], lead, trade_of(row["检查对象"], row["抽查事项"])), []).append(row)
    tasks, seen = [], set()
    for (name, lead, trade), rows in joint.items():
        others = {agency_of(part) for row in rows for part in re.split("、", row["发起部门"] + "、" + row["配合部门"])}
        agencies = (lead, *sorted(others - {lead, ""}))[:4]
        seen |= {plain(row["抽查事项"]) for row in rows}
        tasks.append(Wanted(name, agencies, tuple(row["抽查事项"] for row in rows), trade))
    single: dict[tuple[str, str, str], list[str]] = {}
    for row in rows_of(folder / "lists/hainan_2020_item_list_items.csv"):
        if plain(row["抽查事项"]) not in seen:
            trade = trade_of(row["检查对象"], row["抽查事项"] + row["抽查类别"])
            name = row["抽查类别"] if by_category else ""
            single.setdefault((name, agency_of(row["编制单位"]), trade), []).append(row["抽查事项"])
    tasks += [Wanted(name, (lead,), tuple(items), trade) for (name, lead, trade), items in single.items()]
    return tasks


def plain(text: str) -> str:
    """An item's wording without what lists vary: brackets, blanks, "inspection of"."""
    return re.sub(r"[（(].*?[)）]|[\s、，。的]|检查|监督|情况", "", text)


@dataclass(frozen=True)
class Published:
    """Ratios and months by trade as plans published them, and what to take where none did."""

    ratio: dict[str, Fraction]
    months: dict[str, tuple[int, ...]]
    windows: tuple[tuple[int, ...], ...]
    usual: Fraction
    at_large: Fraction


def published(folder: Path) -> Published:
    ratios: dict[str, list[Fraction]] = {}
    months: dict[str, tuple[int, ...]] = {}
    windows: list[tuple[int, ...]] = []
    for row in rows_of(folder / "plans/published_plan_rows.csv"):
        trade = trade_of(row["抽查对象"] or row["任务名称"], row["任务名称"])
        share = re.search(r"(\d+)\s*%", row["抽查比例(原文)"])
        if share:
            undirected = trade == ALL and "不定向" in row["抽查类型"] + row["任务名称"]
            ratios.setdefault("undirected" if undirected else trade, []).append(Fraction(int(share[1]), 100))
        named = [int(n) for n in re.findall(r"(?<!\d)(1[0-2]|[1-9])(?=[(（]?月|[—至-])", row["时间(原文)"])]
        if row["时间(原文)"].endswith("前"):
            named = [1, 12]
        if named:
            window = tuple(range(max(2, min(named)), min(11, max(named)) + 1)) or (9,)
            windows.append(window)
            months.setdefault(trade, window)
    usual = statistics.median(share for shares in ratios.values() for share in shares)
    by_trade = {trade: statistics.median(shares) for trade, shares in ratios.items() if trade not in ("", ALL)}
    return Published(
        ratio={trade: Fraction(share) for trade, share in by_trade.items()},
        months={trade: window for trade, window in months.items() if trade not in ("", ALL)},
        windows=tuple(dict.fromkeys(windows)),
        usual=Fraction(usual),
        at_large=Fraction(statistics.median(ratios["undirected"])),
    )


def profiles(firms: Iterable[Mapping[str, str]]) -> list[Profile]:
    """Firms alike in tier, kind and trades, counted."""
    words = {trade: re.compile(firm) for trade, (_, firm) in TRADES.items()}
    counted: Counter[tuple[str, str, str]] = Counter()
    for firm in firms:
        text = firm["企业名称"] + firm["经营范围"]
        trades = ";".join(trade for trade, pattern in words.items() if pattern.search(text))
        counted[tier_of(firm["统一社会信用代码"]), kind_of(firm["企业类型"]), trades] += 1
    return [
        Profile(
            tier=tier,
            region=REGION,
            kind=kind,
            industry="",
            tags=trades,
            established=None,
            barred="",
            visits=0,
            size=size,
        )
        for (tier, kind, trades), size in sorted(counted.items())
    ]


def tier_of(code: str) -> str:
    place = int.from_bytes(hashlib.sha256(code.encode()).digest()[:8], "big") / 2**64 * 100
    for tier, share in TIERS:
        place -= share
        if place < 0:
            return tier
    return TIERS[-1][0]


def kind_of(text: str) -> str:
    pairs = (("branch", "分支"), ("household", "个体"), ("cooperative", "合作经济|合作社"))
    return next((kind for kind, words in pairs if re.search(words, text)), "enterprise")
