import Formats
import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// Terms as options have them.
struct TermTextTests {
  @Test(arguments: KernelKind.registry.all.map(\.example))
  func everyExampleReadsBackAsItself(example: String) throws {
    #expect(try CRFModel.Term(example).description == example)
  }

  @Test(arguments: CompatibilityKind.registry.all.map(\.example))
  func everyCompatibilityReadsBackAsItself(example: String) throws {
    let term = try CRFModel.Term(example)
    #expect(try CRFModel.Term(term.description) == term)
  }

  @Test func bandwidthsMayDifferByAxis() throws {
    let term = try CRFModel.Term("bilateral:color=1.5x2x3,spatial=67x80,weight=-0.5")
    #expect(term.description == "bilateral:weight=-0.5,spatial=67x80,color=1.5x2x3")
    #expect(term.colorBandwidths == [1.5, 2, 3])
    #expect(try CRFModel.Term("gaussian:weight=1,spatial=1e20").description.contains("1e+20"))
  }

  @Test func normalizationAndSelfTermAreSaidWhereTheyDiffer() throws {
    let text = "gaussian:weight=1,spatial=2,normalization=after,self=excluded"
    let term = try CRFModel.Term(text)
    #expect(term.normalization == .after && term.selfTerm == .excluded)
    #expect(term.description == text)
  }

  @Test func filesCanBeReplaced() throws {
    let term = try CRFModel.Term("features:weight=2,file=a/b.npy,sigma=2,components=3")
    let model = CRFModel(terms: [term])
    #expect(model.files == ["a/b.npy"])
    #expect(model.replacingFiles { $0 + "z" }.files == ["a/b.npyz"])
    #expect(term.description == "features:weight=2,file=a/b.npy,sigma=2,components=3")
  }

  @Test func aPathWithACommaStandsInQuotes() throws {
    let text = "features:weight=2,file=\"a,b c.npy\",sigma=2"
    let term = try CRFModel.Term(text)
    #expect(term.kernel.settings.files == ["a,b c.npy"])
    #expect(term.description == text)
    #expect(
      try CRFModel.Term("features:weight=2,file=\"a.npy\"").description
        == "features:weight=2,file=a.npy")
    #expect(throws: InputError.self) { try CRFModel.Term("features:weight=2,file=\"a,b.npy") }
  }

  @Test(arguments: [
    ("", "there is no kernel ''"),
    ("gaussian", "weight"),
    ("gaussian:", "weight"),
    ("gaussian:weight=1,spatial", "key=value"),
    ("gaussian:weight=1,spatial=1,color=3", "known are weight, spatial"),
    ("gaussian:weight=1,spatial=1e99", "not above 0 and finite"),
    ("gaussian:weight=1,weight=2,spatial=1", "given twice"),
    ("gaussian:weight=nan,spatial=1", "a finite number"),
    ("features:weight=1,file=", "names no file"),
    ("features:weight=1,file=f.npy,components=1.5", "'components' is 1.5"),
    ("gaussian:weight=1,spatial=1,compatibility=pots", "did you mean 'potts'"),
    ("gaussian:spatial=1,compatibility=matrix", "lacks 'costs='"),
    ("gaussian:weight=1,spatial=1,normalization=both", "there is no normalization 'both'"),
  ])
  func whatCannotBeUnderstoodIsNamed(text: String, says: String) {
    let error = #expect(throws: InputError.self) { try CRFModel.Term(text) }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
  }
}

/// Models as JSON, and what they compute.
struct CRFModelTests {
  @Test(arguments: CRFModel.presets)
  func presetsAreReadBackFromTheirJSON(preset: CRFModel) throws {
    #expect(try CRFModel(json: JSONValue(parsing: preset.json.text())) == preset)
    #expect(try CRFModel(json: JSONValue(parsing: preset.json.compactText)) == preset)
  }

  @Test func everythingIsReadBack() throws {
    var model = CRFModel(
      name: "own",
      terms: [
        try CRFModel.Term(
          "bilateral:spatial=3x4,color=0.1,compatibility=matrix,costs=mu.npy,weight=0.3"),
        CRFModel.Term(
          Description(.gaussian, ["spatial": .bandwidths(1.1)]),
          compatibility: Description(
            .diagonal, ["costs": .array(.inline(shape: [2], values: [-1, -0.1]))]),
          normalization: .before, selfTerm: .excludedBeforeNormalization),
      ], iterations: 7, tolerance: 0.1, filter: Description(.exact, ["threshold": .number(1e-9)]))
    model.source = "a test"
    #expect(try CRFModel(json: JSONValue(parsing: model.json.text())) == model)
  }

  @Test func olderFilesAreRead() throws {
    let model = try CRFModel(
      json: JSONValue(
        parsing: """
          {"name": "street", "gaussian": {"weight": 0, "spatial": 1.5}, "iterations": 3,
           "bilateral": {"weight": 4, "spatial": [67, 80], "color": 3}, "normalization": "after"}
          """))
    #expect(model.name == "street" && model.iterations == 3)
    #expect(
      model.terms.map(\.description) == [
        "gaussian:weight=0,spatial=1.5,normalization=after",
        "bilateral:weight=4,spatial=67x80,color=3,normalization=after",
      ])
  }

  @Test(arguments: [
    ("[1]", "is not a model"), ("{}", "lacks 'terms'"),
    (#"{"terms": 3}"#, "'terms' is 3"), (#"{"terms": [3]}"#, "term 0: is 3"),
    (#"{"terms": [{}]}"#, "term 0: lacks 'kernel'"),
    (
      #"{"terms": [{"kernel": {"kind": "gauss", "spatial": 1}, "compatibility": "potts"}]}"#,
      "gauss"
    ),
    (#"{"terms": [{"kernel": {"kind": "gaussian", "spatial": 1}}]}"#, "lacks 'compatibility'"),
    (
      #"{"terms": [{"kernel": {"kind": "gaussian", "spatial": 0}, "#
        + #""compatibility": {"kind": "potts", "weight": 1}}]}"#, "above 0"
    ),
    (#"{"terms": [], "iteration": 5}"#, "did you mean 'iterations'"),
    (#"{"terms": [], "iterations": 2.5}"#, "'iterations' is 2.5"),
    (#"{"terms": [], "iterations": true}"#, "'iterations' is true"),
    (#"{"terms": [], "tolerance": -1}"#, "'tolerance' is -1"),
    (#"{"terms": [], "filter": "exactly"}"#, "did you mean 'exact'"),
    (#"{"terms": [], "solver": "serial"}"#, "there is no solver 'serial'"),
    (#"{"terms": [], "name": 3}"#, "'name' is 3"),
  ])
  func illModelsAreRefusedByKey(text: String, says: String) throws {
    let json = try JSONValue(parsing: text)
    let error = try #require(throws: InputError.self) { try CRFModel(json: json) }
    #expect(error.description.contains(says), "\(error)")
  }

  @Test(arguments: [(true, [-1, 0.5, 0.5, -1]), (false, [-1, 0, 1, -1])] as [(Bool, [Float])])
  func aMatrixInJSONNeedNotBeSymmetric(isSymmetric: Bool, used: [Float]) throws {
    let flag = isSymmetric ? "" : #", "symmetric": false"#
    let json =
      #"{"terms": [{"kernel": {"kind": "gaussian", "spatial": 2}, "compatibility": "#
      + #"{"kind": "matrix", "costs": [[-1, 0], [1, -1]]"# + flag + "}}]}"
    let model = try CRFModel(json: JSONValue(parsing: json))
    #expect(try CRFModel(json: JSONValue(parsing: model.json.text())) == model)
    let compatibility = model.terms[0].compatibility
    let made = try compatibility.kind.make(compatibility.settings, .none)
    #expect(try made.factors(labelCount: 2) == .matrix(used))
    let text = "gaussian:compatibility=matrix,costs=mu.npy,symmetric=no,spatial=2"
    #expect(try CRFModel.Term(text).description == text)
  }

  @Test func aModelComputesWhatItsTermsDo() throws {
    let grid = GridShape(width: 9, height: 7)
    let scene = Scene(grid: grid)
    let unary = try EnergyField(
      grid: grid, labelCount: 2, planes: (0..<126).map { Float($0 * 37 % 11) / 3 })
    let costs: [Float] = [0, 2, 2, 1]
    let model = CRFModel(
      terms: [
        CRFModel.Term(
          Description(.gaussian, ["spatial": .bandwidths(2)]),
          compatibility: Description(
            .matrix,
            ["costs": .array(.inline(shape: [2, 2], values: costs)), "weight": .number(0.5)]))
      ], iterations: 4)
    let refined = try CRFRefinement(model).refine(unary, over: scene, RefinementRequest())
    let crf = try DenseCRF(
      scene: scene, unary: unary,
      terms: [
        PairwiseTerm(
          SpatialGaussianKernel(sigma: 2), compatibility: .matrix(costs.map { 0.5 * $0 }))
      ])
    #expect(refined.marginals.values.rows() == crf.marginals(iterations: 4).values.rows())
    #expect(refined.report.iterations == 4)
  }
}
