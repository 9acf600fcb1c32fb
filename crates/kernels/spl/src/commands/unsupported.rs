//! Commands of SPL that are not there yet.

/// Their names, in lower case.
pub(crate) const NAMES: &[&str] = &[
    "abstract", "accum", "addcoltotals", "addinfo", "addtotals", "analyzefields", "anomalies",
    "anomalousvalue", "anomalydetection", "append", "appendcols", "appendpipe", "apply", "arules",
    "associate", "autoregress", "bucketdir", "cluster", "cofilter", "collect",
    "concurrency", "contingency", "correlate", "datamodel", "dbinspect", "delete", "delta",
    "diff", "erex", "eventcount", "extract", "fieldformat",
    "fieldsummary", "filldown", "findtypes", "fit", "folderize", "foreach", "format",
    "from", "fromjson", "gauge", "gentimes", "geom", "geomfilter", "geostats", "highlight",
    "history", "iconify", "inputcsv", "inputlookup", "iplocation", "join", "kmeans", "kv",
    "kvform", "loadjob", "localize", "localop", "lookup", "makecontinuous", "makemv", 
    "maketable", "map", "mcollect", "metadata", "metasearch", "meventcollect", "mpreview", "msearch",
    "mstats", "multikv", "multisearch", "mvcombine", "nomv", "outlier", "outputcsv", "outputlookup",
    "outputtext", "overlap", "pivot", "predict", "rangemap", "redistribute", 
    "relevancy", "reltime", "replace", "require", "rest", "return", "rtorder",
    "run", "savedsearch", "script", "scrub", "searchtxn", "selfjoin", "sendalert", "sendemail",
    "set", "setfields", "sichart", "sirare", "sistats", "sitimechart", "sitop", "stash", "strcat",
    "streamstats", "sumindex", "summaryindex", "tags", "timewrap", "tojson", "transaction",
    "transam", "transpose", "trendline", "tscollect", "tstats", "typeahead", "typelearner", "typer",
    "union", "uniq", "untable", "walklex", "x11", "xmlkv", "xmlunescape", "xpath", "xyseries",
];
