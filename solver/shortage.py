"""stub"""
def shortfalls(problem): return ()
def explain(problem, plain, find): return None
