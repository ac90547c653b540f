// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "LatticeCRF",
  products: [
    .library(name: "LatticeSupport", targets: ["LatticeSupport"]),
    .library(name: "Lattice", targets: ["Lattice"]),
    .library(name: "Unaries", targets: ["Unaries"]),
    .library(name: "Formats", targets: ["Formats"]),
    .library(name: "MeanField", targets: ["MeanField"]),
    .library(name: "PostFilters", targets: ["PostFilters"]),
    .library(name: "Pipeline", targets: ["Pipeline"]),
    // All that a plug-in includes: latticecrf_plugin.h.
    .library(name: "LatticePluginHeader", targets: ["LatticePluginHeader"]),
    .library(name: "Conformance", targets: ["Conformance"]),
    .library(name: "DeepLabNet", targets: ["DeepLabNet"]),
    .library(name: "Evaluation", targets: ["Evaluation"]),
    .library(name: "Tuning", targets: ["Tuning"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Laboratory", targets: ["Laboratory"]),
    .library(name: "Figures", targets: ["Figures"]),
    // For C and everything that can call it: liblatticecrf.so, latticecrf.h.
    .library(name: "latticecrf", type: .dynamic, targets: ["LatticeC"]),
    .executable(name: "crf-refine", targets: ["crf-refine"]),
    .executable(name: "crf-tune", targets: ["crf-tune"]),
    .executable(name: "crf-lab", targets: ["crf-lab"]),
    .executable(name: "crf-bench", targets: ["crf-bench"]),
    .executable(name: "deeplab", targets: ["deeplab"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Serves the page of crf-tune; nothing else is built with it.
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // System libraries: module maps over Debian's packages.
    .systemLibrary(
      name: "CPNG", path: "Sources/System/CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CJPEG", path: "Sources/System/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(
      name: "CZip", path: "Sources/System/CZip", pkgConfig: "libzip",
      providers: [.apt(["libzip-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/System/CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CLBFGS", path: "Sources/System/CLBFGS", pkgConfig: "liblbfgs",
      providers: [.apt(["liblbfgs-dev"])]),

    // What jumps (setjmp) stays in C.
    .target(
      name: "CImageCodecs", dependencies: ["CPNG", "CJPEG"], path: "Sources/System/CImageCodecs"),

    // Libraries that are loaded when they are needed: nothing has to be there to build this.
    .target(
      name: "CDynamicLibrary", path: "Sources/System/CDynamicLibrary",
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "CTIFF", dependencies: ["CDynamicLibrary"], path: "Sources/System/CTIFF"),
    .target(name: "CWebP", dependencies: ["CDynamicLibrary"], path: "Sources/System/CWebP"),
    .target(
      name: "CMessagePassing", dependencies: ["CDynamicLibrary"],
      path: "Sources/System/CMessagePassing", exclude: ["mpi"]),
    .target(name: "CCairo", dependencies: ["CDynamicLibrary"], path: "Sources/System/CCairo"),

    // C inner loops, and Eigen behind a C header.
    .target(name: "CKernels", path: "Sources/System/CKernels"),
    .systemLibrary(
      name: "CEigenHeaders", path: "Sources/System/CEigenHeaders", pkgConfig: "eigen3",
      providers: [.apt(["libeigen3-dev"])]),
    .target(name: "CEigen", dependencies: ["CEigenHeaders"], path: "Sources/System/CEigen"),

    .target(name: "LatticeSupport", dependencies: ["CKernels"], path: "Sources/Support"),
    .target(name: "Lattice", dependencies: ["LatticeSupport", "CKernels"]),
    .target(name: "Unaries", dependencies: ["LatticeSupport", "CKernels"]),
    // Every file that is read or written; nothing below it knows of any.
    .target(
      name: "Formats",
      dependencies: [
        "LatticeSupport", "Unaries", "CKernels", "CImageCodecs", "CZip", "CZlib", "CTIFF",
        "CWebP",
      ]),
    .target(
      name: "MeanField",
      dependencies: ["LatticeSupport", "Lattice", "Unaries", "CKernels", "CEigen"]),
    // Refinements and label filters that are not CRFs.
    .target(
      name: "PostFilters", dependencies: ["LatticeSupport", "Unaries", "CKernels", "CEigen"]),
    // What the protocols promise, to be checked for pieces of one's own.
    .target(
      name: "Conformance", dependencies: ["LatticeSupport", "Lattice", "Unaries", "MeanField"]),
    // What shared libraries of kernels, filters and steps are compiled with.
    .target(name: "LatticePluginHeader", path: "Sources/PluginHeader"),
    // Named kinds, plans of steps, plug-ins, tiles.
    .target(
      name: "Pipeline",
      dependencies: [
        "LatticePluginHeader", "LatticeSupport", "Lattice", "Unaries", "MeanField", "PostFilters",
      ]),
    .target(
      name: "DeepLabNet",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "PostFilters", "CKernels",
        "CZip",
      ],
      resources: [.copy("Models")]),
    .target(name: "Evaluation", dependencies: ["LatticeSupport", "Unaries", "Formats"]),
    // The search of a plan's numbers on images with true labels, and their learning.
    .target(
      name: "Tuning",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "Pipeline", "Evaluation",
        "CLBFGS",
      ]),
    // The training of a network on a data set, with its states, log and validation.
    .target(
      name: "Training",
      dependencies: [
        "LatticeSupport", "Unaries", "Formats", "DeepLabNet", "Evaluation", "CMessagePassing",
      ]),
    // What crf-lab does: kinds checked, kernels looked at, filters compared.
    .target(
      name: "Laboratory",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "MeanField", "Pipeline", "Conformance",
        "Evaluation", "Tuning", "CEigen",
      ]),
    // Charts, pictures and reports: PNG, SVG and PDF from one drawing, drawn by cairo.
    .target(name: "Figures", dependencies: ["LatticeSupport", "Unaries", "Formats", "CCairo"]),
    // The page of `crf-tune serve`: what it asks for, and the server.
    .target(
      name: "Page",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "Pipeline", "Evaluation",
        "Laboratory", .product(name: "FlyingFox", package: "FlyingFox"),
      ],
      resources: [.embedInCode("Files")]),
    // The C interface: its header, and what is behind it.
    .target(name: "LatticeCHeader", path: "Sources/LatticeC/Header"),
    .target(
      name: "LatticeC",
      dependencies: [
        "LatticeCHeader", "LatticePluginHeader", "LatticeSupport", "Lattice", "Unaries",
        "MeanField", "PostFilters", "Pipeline",
      ],
      path: "Sources/LatticeC", exclude: ["Header"]),
    // What the tools do alike: errors, exit codes, interrupts, folders, the CRF, networks.
    .target(
      name: "ToolSupport",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "Pipeline", "DeepLabNet",
        "Evaluation", "Figures",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Tools/Support"),
    .executableTarget(
      name: "crf-refine",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "Pipeline", "Evaluation",
        "Figures", "ToolSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Tools/crf-refine"),

    .executableTarget(
      name: "crf-tune",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "Pipeline", "Evaluation",
        "Figures", "ToolSupport", "Tuning", "Page",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Tools/crf-tune"),

    .executableTarget(
      name: "crf-lab",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "Evaluation",
        "Conformance", "Tuning", "Laboratory", "Figures", "ToolSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Tools/crf-lab"),

    .executableTarget(
      name: "crf-bench",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "ToolSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Tools/crf-bench"),

    // What Benchmarks/compare_refinements times.
    .executableTarget(
      name: "refinement-bench",
      dependencies: ["LatticeSupport", "Unaries", "PostFilters", "Pipeline"],
      path: "Benchmarks/RefinementBench"),
    // What Benchmarks/compare_labels times.
    .executableTarget(
      name: "label-bench", dependencies: ["LatticeSupport", "Unaries", "PostFilters", "Pipeline"],
      path: "Benchmarks/LabelBench"),

    // What Benchmarks/compare_plugins times.
    .target(
      name: "PluginLattice", dependencies: ["LatticePluginHeader"], path: "Benchmarks/PluginLattice"
    ),
    .executableTarget(
      name: "plugin-bench",
      dependencies: [
        "LatticePluginHeader", "PluginLattice", "LatticeSupport", "Lattice", "Unaries", "MeanField",
        "Pipeline",
      ],
      path: "Benchmarks/PluginBench"),

    .executableTarget(
      name: "deeplab",
      dependencies: [
        "LatticeSupport", "Unaries", "Formats", "MeanField", "Pipeline", "DeepLabNet",
        "Evaluation", "Training", "Figures", "ToolSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Tools/deeplab"),

    // Paints Examples/sample.
    .executableTarget(
      name: "make-sample", dependencies: ["LatticeSupport", "Unaries", "Formats"],
      path: "Examples/MakeSample"),

    // Assembles the pictures of the documentation.
    .executableTarget(
      name: "side-by-side", dependencies: ["LatticeSupport", "Unaries", "Formats"],
      path: "Examples/SideBySide"),

    // Draws the figures of docs/output-stride.md.
    .executableTarget(
      name: "rate-figures",
      dependencies: ["LatticeSupport", "Unaries", "Formats", "DeepLabNet", "Figures"],
      path: "Examples/RateFigures"),

    // The README's example: compiled here, and compared with the README by a test.
    .executableTarget(
      name: "RefineScores", dependencies: ["Unaries", "Formats", "MeanField"],
      path: "Examples/RefineScores"),

    // What docs/c.md shows.
    .executableTarget(
      name: "c-refine", dependencies: ["LatticeC", "LatticeCHeader"], path: "Examples/CRefine"),

    .target(
      name: "TestSupport",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "Conformance",
      ],
      path: "Tests/TestSupport"),
    .testTarget(name: "SupportTests", dependencies: ["LatticeSupport", "TestSupport"]),
    .testTarget(name: "LatticeTests", dependencies: ["Lattice", "Conformance", "TestSupport"]),
    .testTarget(
      name: "UnariesTests", dependencies: ["Unaries", "Formats", "CTIFF", "CWebP", "TestSupport"]),
    .testTarget(
      name: "MeanFieldTests", dependencies: ["Formats", "MeanField", "Evaluation", "TestSupport"]),
    .testTarget(
      name: "PipelineTests",
      dependencies: [
        "LatticePluginHeader", "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField",
        "PostFilters", "Pipeline", "Conformance", "TestSupport",
      ]),
    .testTarget(
      name: "PostFilterTests",
      dependencies: [
        "LatticeSupport", "Unaries", "Formats", "PostFilters", "Pipeline", "TestSupport",
      ]),
    .testTarget(
      name: "LatticeCTests",
      dependencies: [
        "LatticeC", "LatticeCHeader", "LatticeSupport", "Lattice", "Unaries", "Formats",
        "MeanField",
        "Pipeline",
      ]),
    .testTarget(name: "DeepLabNetTests", dependencies: ["Formats", "DeepLabNet", "TestSupport"]),
    .testTarget(name: "EvaluationTests", dependencies: ["Formats", "Evaluation", "TestSupport"]),
    .testTarget(
      name: "TuningTests",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "MeanField", "Pipeline", "Evaluation", "Tuning",
        "TestSupport",
      ]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "LatticeSupport", "Unaries", "Formats", "DeepLabNet", "Training", "TestSupport",
      ]),
    .testTarget(
      name: "LaboratoryTests",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "MeanField", "Pipeline", "Conformance",
        "Laboratory", "TestSupport",
      ]),
    .testTarget(
      name: "FiguresTests",
      dependencies: ["LatticeSupport", "Unaries", "Formats", "Figures", "TestSupport"]),
    .testTarget(
      name: "PageTests",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "Formats", "MeanField", "Pipeline", "Evaluation",
        "Page", "TestSupport", .product(name: "FlyingFox", package: "FlyingFox"),
      ]),
    // The network that docs/add-a-network.md shows.
    .testTarget(
      name: "NetworkExampleTests",
      dependencies: ["DeepLabNet", "Unaries", "Formats", "TestSupport"]),
    // The C kernels once more for each instruction set, to compare them.
    .target(
      name: "KernelVariants", dependencies: ["CKernels"], path: "Tests/KernelVariants",
      cSettings: [.headerSearchPath("../../Sources/System/CKernels")]),
    .testTarget(
      name: "KernelVariantTests",
      dependencies: ["KernelVariants", "CKernels", "LatticeSupport", "TestSupport"]),
    .executableTarget(name: "run-measured", path: "Tests/RunMeasured"),
    // Writes what Benchmarks/check_onnx runs.
    .executableTarget(
      name: "onnx-cases", dependencies: ["DeepLabNet", "LatticeSupport"], path: "Tests/ONNXCases"),
    .testTarget(
      name: "ToolsTests",
      dependencies: [
        "Unaries", "Formats", "Evaluation", "DeepLabNet", "MeanField", "Figures", "ToolSupport",
        "TestSupport", "CTIFF", "crf-refine", "crf-tune", "crf-lab", "deeplab", "RefineScores",
        "run-measured", "c-refine",
      ]),
  ],
  cxxLanguageStandard: .cxx17
)

// Scripts/sanitize builds everything once more: the networks' and the programs' tests are left out,
// and what is made of nothing else.
if Context.environment["LATTICECRF_CORE_TESTS_ONLY"] != nil {
  let left: Set = [
    "ToolSupport", "crf-refine", "Tuning", "crf-tune", "Laboratory", "LaboratoryTests", "crf-lab",
    "Page", "PageTests",
    "crf-bench", "label-bench",
    "refinement-bench", "PluginLattice", "plugin-bench", "deeplab", "make-sample", "side-by-side",
    "rate-figures", "RefineScores",
    "c-refine", "DeepLabNet", "CMessagePassing", "Training", "DeepLabNetTests",
    "NetworkExampleTests", "onnx-cases",
    "ToolsTests",
    "EvaluationTests", "TuningTests", "TrainingTests", "Figures", "FiguresTests",
  ]
  package.targets.removeAll { left.contains($0.name) }
  package.products.removeAll { product in
    product is Product.Executable
      || (product as? Product.Library).map { !left.isDisjoint(with: $0.targets) } ?? false
  }
}
