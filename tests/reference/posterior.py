"""Writes posterior.txt: the posterior of small problems by a plain numpy implementation.

    python tests/reference/posterior.py > tests/reference/posterior.txt

(what wrote the file: numpy 1.24.4, scipy 1.15.3). tests/unit/test_posterior_reference.c reads it.
The functions here are the method's own reference: every stage in the order of src/trust/, in double
precision, with optimisers run to the end. A problem is a list of `name values...` lines; numbers have
nine digits. Inputs are rounded to float32, so both programs start from the same numbers.
"""
import numpy as np
from scipy.optimize import minimize

CFG = dict(
    power=.7, prior_rows=30., gate=(3., 4.), min_claim=.25,
    sd=dict(intercept=1.5, margin=1., given=.7, other=.7, pair=1., given_slope=.5, pair_slope=.5),
    judge=(18., 2.), weight_power=.3, clip=8., even=.1,
    rounds=6, settled=.01, pseudo=1., counting=(.4, .4), lam=2.)


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -40, 40)))


def log_softmax(z):
    z = z - z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def uniform(K, e):
    T = np.full((K, K), e / (K - 1))
    np.fill_diagonal(T, 1 - e)
    return T  # T[true, given]


def posterior(logP, T, y):
    return np.exp(log_softmax(logP + np.log(T[:, y].T + 1e-12)))


def log_odds_wrong(q):
    q = np.clip(q, 1e-9, 1 - 1e-9)
    return np.log1p(-q) - np.log(q)


def blend(Ls, w0, Q=None, T=None, y=None, lam=2.):
    """Weights >= 0 of log P = sum_m w_m L_m by held-out cross-entropy against Q, or by the
    likelihood of the given labels behind the channel T; ridge lam n / 1000 towards w0."""
    Ls = [np.maximum(l, -30) for l in Ls]
    n, w0 = len(Ls[0]), np.array(w0, float)
    A = None if T is None else np.log(T[:, y].T + 1e-12)
    r = lam * n / 1000

    def fun(w):
        Z = log_softmax(sum(a * l for a, l in zip(w, Ls)))
        p = np.exp(Z)
        if A is None:
            f, D = -(Q * Z).sum(), p - Q
        else:
            q = Z + A
            m = q.max(1, keepdims=True)
            lse = m + np.log(np.exp(q - m).sum(1, keepdims=True))
            f, D = -lse.sum(), p - np.exp(q - lse)
        g = np.array([(D * l).sum() for l in Ls]) + r * (w - w0)
        return (f + .5 * r * ((w - w0)**2).sum()) / n, g / n
    w = w0
    for _ in range(5):  # restarts: L-BFGS-B stops early
        w = minimize(fun, w, jac=True, method="L-BFGS-B", bounds=[(0, 5)] * len(Ls),
                     options=dict(maxiter=2000, ftol=1e-16, gtol=1e-12)).x
    return w, log_softmax(sum(a * l for a, l in zip(w, Ls)))


def normalise(N, c):
    """Counts N[true, given] to a channel: c rows of prior, 10 % of them off the diagonal; the shape of
    what is off the diagonal has one row a cell where there are more than three."""
    K = len(N)
    off = N.copy()
    np.fill_diagonal(off, 0)
    wrong, cell = off.sum(1, keepdims=True), c * .1 / min(K - 1, 3)
    mass = (wrong + c * .1) / (N.sum(1, keepdims=True) + c)
    T = mass * (off + cell) / (wrong + cell * (K - 1))
    np.fill_diagonal(T, 1 - mass[:, 0])
    return T


def fit_channel(logP, y, T, c, steps):
    K, E = T.shape[0], np.exp(logP)
    for _ in range(steps):
        q = E * T[:, y].T
        q /= q.sum(1, keepdims=True)
        N = np.zeros((K, K))
        np.add.at(N.T, y, q)
        T = normalise(N, c)
    return T


def fit_uniform(logP, y, steps=60):
    e, pg, K = .05, np.exp(logP[np.arange(len(y)), y]), logP.shape[1]
    for _ in range(steps):
        b = (1 - pg) * e / (K - 1)
        e = (b / (pg * (1 - e) + b)).mean()
    return e


def gate(logP, y, fold, c):
    K, E, d = logP.shape[1], np.exp(logP), np.empty(len(y))
    for g in np.unique(fold):
        tr, te = fold != g, fold == g
        T = fit_channel(logP[tr], y[tr], uniform(K, .1), c, 50)
        T0 = uniform(K, fit_uniform(logP[tr], y[tr]))
        d[te] = np.log((E[te] * T[:, y[te]].T).sum(1)) - np.log((E[te] * T0[:, y[te]].T).sum(1))
    return d.mean() / (d.std() / len(y)**.5 + 1e-12)


def model_evidence(Ls, y, fold, w0, cfg=CFG):
    n, K = Ls[0].shape
    I = np.arange(n)
    _, P = blend(Ls, w0, Q=np.eye(K)[y], lam=cfg["lam"])
    z = gate(P, y, fold, cfg["prior_rows"])
    lam = float(np.clip((z - cfg["gate"][0]) / (cfg["gate"][1] - cfg["gate"][0]), 0, 1))
    T = fit_channel(P, y, uniform(K, .1), cfg["prior_rows"], 50)
    qU = posterior(P, uniform(K, fit_uniform(P, y)), y)
    qT = posterior(cfg["power"] * P, T, y)
    lq = log_softmax((1 - lam) * np.log(qU + 1e-12) + lam * np.log(qT + 1e-12))
    score = ((1 - lam) * log_odds_wrong(np.exp(P[I, y])) + lam * log_odds_wrong(qT[I, y]))
    Tj = uniform(K, .1)
    for _ in range(12):
        _, Pj = blend(Ls, w0, T=Tj, y=y, lam=cfg["lam"])
        Tj = (fit_channel(Pj, y, Tj, cfg["prior_rows"], 5) if lam > 0
              else uniform(K, fit_uniform(Pj, y)))
    pj = 1 - posterior(Pj, Tj, y)[I, y]
    th, X = np.array([0., 1.]), np.c_[np.ones(n), score]
    for _ in range(25):
        p = sigmoid(X @ th)
        H = (X * (p * (1 - p))[:, None]).T @ X + 1e-6 * np.eye(2)
        th = th + np.linalg.solve(H, X.T @ (pj - p))
    p = sigmoid(X @ th)
    D = (P.argmax(1) != y).mean()
    return dict(P=P, T=T, z=z, lam=lam, lq=lq, p_wrong=p, rate=p.mean(), disagree=D,
                claim=p.mean() >= cfg["min_claim"] * D)


def kernel(A, B, sd):
    mm = np.outer(A[0], B[0])
    g, k = A[1][:, None] == B[1][None], A[2][:, None] == B[2][None]
    return (sd["intercept"]**2 + sd["margin"]**2 * mm
            + g * (sd["given"]**2 + sd["given_slope"]**2 * mm) + k * sd["other"]**2
            + (g & k) * (sd["pair"]**2 + sd["pair_slope"]**2 * mm))


def shares(rows, judge):
    """Repeats of a judge count as one answer, J judges as J / (1 + (J - 1) .3)."""
    once = np.array([1. if j < 0 else 1 / ((rows == r) & (judge == j)).sum()
                     for r, j in zip(rows, judge)])
    J = np.array([len(set(judge[(rows == r) & (judge >= 0)])) for r in rows])
    return once, np.where(judge < 0, 1., once / (1 + .3 * np.maximum(J - 1, 0)))


def calibrate(lq, P, y, ev, cfg=CFG, iters=30):
    """ev: rows, opinion, judge (-1 = a person), pi. Returns Q, p_wrong, accuracies."""
    n, K = lq.shape
    I = np.arange(n)
    alt = np.where(np.eye(K, dtype=bool)[y], -np.inf, lq).argmax(1)
    m = np.clip(P[I, alt] - P[I, y], -8, 8) / 3
    z0 = np.clip(log_odds_wrong(np.exp(lq[I, y])), -cfg["clip"], cfg["clip"])
    R = np.exp(lq)
    R[I, y] = 0
    R = R / (R.sum(1, keepdims=True) + 1e-300)
    R = (1 - cfg["even"]) * R + cfg["even"] / (K - 1)
    R[I, y] = 0
    R /= R.sum(1, keepdims=True)

    def mix(pw):
        Q = R * pw[:, None]
        Q[I, y] = 1 - pw
        return Q
    rows, op, jd = ev["rows"], ev["opinion"], ev["judge"]
    ur, pos = np.unique(rows, return_inverse=True)
    F = (m[ur], y[ur], alt[ur])
    Kn, u = kernel(F, F, cfg["sd"]), np.zeros(len(ur))
    wt = np.array([1 / ev["pi"][pos == i][0] for i in range(len(ur))])**cfg["weight_power"]
    wt = wt / wt.mean()
    judges = np.unique(jd)
    acc = {j: (1. if j < 0 else cfg["judge"][0] / sum(cfg["judge"])) for j in judges}
    J = np.arange(len(ur))
    once, share = shares(rows, jd)
    for it in range(iters):
        lik = np.zeros((len(ur), K))
        for j in judges:
            s = jd == j
            a = min(acc[j], 1 - 1e-6)
            l = np.full((s.sum(), K), np.log((1 - a) / (K - 1)))
            l[np.arange(s.sum()), op[s]] = np.log(a)
            np.add.at(lik, pos[s], l * share[s, None])
        pw = sigmoid(z0[ur] + u)
        q = R[ur] * pw[:, None]
        q[J, y[ur]] = 1 - pw
        q = np.exp(log_softmax(np.log(q + 1e-300) + lik))
        h = 1 - q[J, y[ur]]
        for _ in range(3):
            p = sigmoid(z0[ur] + u)
            W = wt * p * (1 - p)
            sw = np.sqrt(W)
            Lc = np.linalg.cholesky(np.eye(len(ur)) + sw[:, None] * Kn * sw[None])
            b = W * u + wt * (h - p)
            al = b - sw * np.linalg.solve(Lc.T, np.linalg.solve(Lc, sw * (Kn @ b)))
            u = Kn @ al
        old = dict(acc)
        for j in judges:
            if j >= 0:
                s = jd == j
                acc[j] = ((cfg["judge"][0] + (q[pos[s], op[s]] * once[s]).sum())
                          / (sum(cfg["judge"]) + once[s].sum()))
        if it > 5 and max([abs(acc[j] - old[j]) for j in judges] + [0]) < 1e-5:
            break
    pw = sigmoid(z0 + kernel((m, y, alt), F, cfg["sd"]) @ al)
    Q = mix(pw)
    Q[ur] = q
    return Q, pw, acc


def counting(X, alpha, Q, fold):
    """Naive Bayes on expected counts, out of fold."""
    K, L = Q.shape[1], np.empty_like(Q)
    for g in np.unique(fold):
        tr, te = fold != g, fold == g
        t, pr = X[tr].T @ Q[tr], Q[tr].sum(0)
        th = np.log(t + alpha) - np.log(t.sum(0) + alpha * t.shape[0])
        L[te] = log_softmax(X[te] @ th + np.log((pr + 1) / (pr.sum() + K)))
    return L


def logistic(X, Q, fold, C=1.):
    """Multinomial logistic regression on soft targets at its optimum; intercepts are penalised
    towards the logarithms of the class shares."""
    K, L = Q.shape[1], np.empty_like(Q)
    for g in np.unique(fold):
        tr, te = fold != g, fold == g
        A, q = np.c_[X[tr], np.ones(tr.sum())], Q[tr]
        start = np.zeros((A.shape[1], K))
        pr = q.sum(0) + 1e-3
        start[-1] = np.log(pr / pr.sum())

        def fun(w):
            W = w.reshape(start.shape)
            Z = log_softmax(A @ W)
            f = .5 * ((W - start)**2).sum() - C * (q * Z).sum()
            return f, ((W - start) + C * A.T @ (np.exp(Z) - q)).ravel()
        w = minimize(fun, start.ravel(), jac=True, method="L-BFGS-B",
                     options=dict(maxiter=5000, ftol=1e-15, gtol=1e-9)).x.reshape(start.shape)
        L[te] = log_softmax(np.c_[X[te], np.ones(te.sum())] @ w)
    return L


def refit(views, Q, y, fold, ev, cfg=CFG):
    K, rounds = Q.shape[1], 0
    while True:
        Ls = [counting(X, a, Q, fold) for X, a in views]
        _, P = blend(Ls, cfg["counting"], Q=Q, lam=cfg["lam"])
        N = np.zeros((K, K))
        np.add.at(N.T, y, Q)
        T = normalise(N, cfg["pseudo"])
        Qn, pw, acc = calibrate(np.log(posterior(P, T, y) + 1e-12), P, y, ev, cfg)
        moved = np.abs(Qn - Q).sum(1).mean() / 2
        Q, rounds = Qn, rounds + 1
        if moved < cfg["settled"] or rounds >= cfg["rounds"]:
            return Q, pw, acc, rounds


def emit(name, values):
    print(name, *[f"{v:.9g}" for v in np.ravel(values)])


def draw_texts(rng, y_true, K, n_words):
    """Word counts whose frequencies depend on the class, rows scaled to length 1, float32."""
    topics = rng.dirichlet(np.full(n_words, .3), size=K)
    mixed = .5 * topics[y_true] + .5 / n_words
    X = np.array([rng.multinomial(25, p) for p in mixed], float)
    return (X / np.sqrt((X**2).sum(1, keepdims=True))).astype(np.float32).astype(float)


def draw(seed, n, K, flip, swap):
    """The members of the problem with swapped labels have seen the truth: the channel shows."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(K, size=n)
    y = truth.copy()
    noisy = rng.random(n) < flip
    y[noisy] = rng.integers(K, size=noisy.sum())
    swapped = (truth == 0) & (rng.random(n) < swap)
    y[swapped] = 1
    y[:K] = np.arange(K)
    fold = rng.integers(4, size=n)
    views = [(draw_texts(rng, truth, K, 30), np.float32(.3)),
             (draw_texts(rng, truth, K, 20), np.float32(.01))]
    seen = truth if swap > 0 else y
    Ls = [counting(X, float(a), np.eye(K)[seen], fold).astype(np.float32).astype(float)
          for X, a in views]
    rows = np.sort(rng.choice(n, 40, replace=False))
    rows = np.sort(np.r_[rows, rows[:10]])
    judge = np.where(rng.random(50) < .3, -1, rng.integers(2, size=50))
    said = np.where((judge < 0) | (rng.random(50) < .85), truth[rows], rng.integers(K, size=50))
    order = np.lexsort((judge, rows))
    rows, judge, said = rows[order], judge[order], said[order]
    pi = np.array([.05, .2, 1.])[rows % 3]
    return y, fold, views, Ls, dict(rows=rows, opinion=said, judge=judge, pi=pi)


def main():
    for seed, (n, K, flip, swap) in enumerate([(160, 3, .1, 0), (300, 4, .02, .45),
                                               (150, 6, .2, 0)]):
        y, fold, views, Ls, ev = draw(seed, n, K, flip, swap)
        emit("shape", [n, K, 4, len(ev["rows"])])
        emit("label", y)
        emit("fold", fold)
        for l in Ls:
            emit("member", l)
        for X, _ in views:
            emit("view", X)
        emit("row", ev["rows"])
        emit("said", ev["opinion"])
        emit("judge", ev["judge"])
        emit("inclusion", ev["pi"])
        alone = model_evidence(Ls, y, fold, (.4, .4))
        emit("z", [alone["z"]])
        emit("log_p", alone["P"])
        emit("channel", alone["T"].T)
        emit("log_class", alone["lq"])
        emit("p_wrong", alone["p_wrong"])
        emit("rates", [alone["rate"], alone["disagree"]])
        Q, pw, acc = calibrate(alone["lq"], alone["P"], y, ev)
        emit("calibrated", Q)
        emit("calibrated_wrong", pw)
        emit("accuracy", [acc[0], acc[1]])
        emit("counting", counting(views[0][0], .3, Q, fold))
        emit("logistic", logistic(views[0][0], Q, fold))
        Q, pw, acc, rounds = refit([(X, float(a)) for X, a in views], Q, y, fold, ev)
        emit("rounds", [rounds])
        emit("refit", Q)
        emit("refit_wrong", pw)


if __name__ == "__main__":
    main()
