// swift-tools-version: 5.9
import PackageDescription

// A plug-in in Swift: a shared library that needs nothing of LatticeCRF but a header.
//
//     swift build -c release -Xcc -I/FOLDER/OF/THE/HEADER
//     crf-refine --plugin .build/release/libchroma.so …
//
// The header is latticecrf_plugin.h, in Sources/PluginHeader/include of LatticeCRF, or where
// `python -c "import latticecrf; print(latticecrf.get_include())"` says.
let package = Package(
  name: "chroma",
  products: [.library(name: "chroma", type: .dynamic, targets: ["Chroma"])],
  targets: [
    .systemLibrary(name: "CPlugin"),
    .target(name: "Chroma", dependencies: ["CPlugin"]),
  ]
)
